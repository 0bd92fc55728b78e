using System.Numerics;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Health;

/// <summary>Counts what of the engine's answers and events was cut or passed over, and says so at growing intervals: one image may be in every list.</summary>
internal sealed partial class TruncationReport(ILogger<TruncationReport> logger)
{
    private int _count;

    /// <summary>How many there were since the start.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Counts one.</summary>
    public void Report(EngineExcess excess)
    {
        var count = Interlocked.Increment(ref _count);
        if (BitOperations.IsPow2(count))
        {
            Log.AnswerCut(logger, excess.Request, excess.Length, excess.Problem, count);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(902, LogLevel.Warning, "What the Docker engine sent for {Request} has {Length} bytes: {Problem} (so far: {Count})")]
        public static partial void AnswerCut(ILogger logger, string request, long length, string problem, int count);
    }
}
