using DockMon.Agent.Threading;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Stats;

/// <summary>What the kernel's files of a container are found by.</summary>
/// <param name="Pid">Its first process on the engine's host.</param>
/// <param name="HasNetwork">Whether it has a network that is not the host's.</param>
internal sealed record FirstProcess(int Pid, bool HasNetwork)
{
    private const int LongestChain = 8;
    private const string Shared = "container:";

    /// <summary>Asks the engine; null when the container does not run.</summary>
    /// <exception cref="EngineException">The engine does not say.</exception>
    public static async Task<FirstProcess?> AskAsync(EngineClient engine, string id, CancellationToken ct)
    {
        var container = await engine.InspectContainerAsync(id, ct);
        if (container.State is not { Running: true, Pid: > 0 and var pid })
        {
            return null;
        }

        // One that shares another's network is shown with the other's figures, and so with none when that one has the host's.
        var mode = container.HostConfig.NetworkMode;
        for (var i = 0; i < LongestChain && mode.StartsWith(Shared, StringComparison.Ordinal); i++)
        {
            mode = await ModeOfAsync(engine, mode[Shared.Length..], ct);
        }

        return new FirstProcess(pid, mode != "host");
    }

    private static async Task<string> ModeOfAsync(EngineClient engine, string id, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectContainerAsync(id, ct)).HostConfig.NetworkMode;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return ""; // It was removed while its network is still in use.
        }
    }
}

/// <summary>What the engine answered; without a process, the container does not run.</summary>
internal readonly record struct ProcessAnswer(bool Known, FirstProcess? Process);

/// <summary>Asks the engine for the first processes of containers, a few at once, and leaves it alone for a while when it cannot say.</summary>
internal sealed partial class FirstProcessFinder(EngineClient engine, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private long? _failed;

    /// <summary>Whether it may be asked now.</summary>
    public bool MayAsk => _failed is not { } failed || time.GetElapsedTime(failed) >= RetryDelay;

    /// <summary>Asks about each of some containers, and notes the answer in it.</summary>
    public Task RoundAsync(IReadOnlyList<ContainerSampling> watches, CancellationToken ct)
    {
        _failed = null;
        return Parallel.ForEachAsync(watches, new ParallelOptions { MaxDegreeOfParallelism = EngineSampler.AtOnce, CancellationToken = ct }, AskAsync);
    }

    private async ValueTask AskAsync(ContainerSampling watch, CancellationToken ct)
    {
        using var limit = new TimeLimit(EngineSampler.AnswerLimit, time, ct);
        try
        {
            watch.Answer = new(Known: true, await FirstProcess.AskAsync(engine, watch.Id, limit.Token));
        }
        catch (EngineException e) when (e.IsMissing)
        {
            watch.Answer = new(Known: true, Process: null);
        }
        catch (EngineException e)
        {
            watch.Answer = default;
            _failed = time.GetTimestamp();
            Log.InspectFailed(logger, watch.ShortId, e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // It is stuck in the engine, and others are not to wait for it: it is asked about again a little later.
            watch.Answer = new(Known: true, Process: null);
            StatsLog.EngineStuck(logger, watch.ShortId, EngineSampler.AnswerLimit.TotalSeconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(316, LogLevel.Debug, "{Container} cannot be measured yet: {Reason}")]
        public static partial void InspectFailed(ILogger logger, string container, string reason);
    }
}
