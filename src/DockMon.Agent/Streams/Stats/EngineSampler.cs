using DockMon.Agent.Threading;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Stats;

/// <summary>
/// Figures by asking the engine, for containers that the kernel does not show. The questions of one round are spread over most of an interval and
/// few at once, and a container is asked about again only in the next round: with an engine that is slow, rounds become longer and do not pile up.
/// </summary>
internal sealed partial class EngineSampler(EngineClient engine, SampleSender sender, TimeProvider time, TimeSpan interval, ILogger logger)
{
    /// <summary>
    /// Most questions at once. Docker 23 and later answer in milliseconds, and one or two are under way. Docker 20.10 keeps each question until it next
    /// looks at its containers, which it does once a second: with this number it tells of sixteen containers a second or two, and of more in turn.
    /// </summary>
    public const int AtOnce = 16;

    /// <summary>How long an answer may take. Engines before API 1.41 need two seconds for one.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    // A container that is stuck in the engine keeps a question waiting, and the whole round with it.
    private static readonly TimeSpan LeftAlone = TimeSpan.FromSeconds(20);

    // The rest is for the last answers, so that the next round can begin in time.
    private const double SpreadOver = 0.8;

    /// <summary>Asks about each container once.</summary>
    public Task RoundAsync(IReadOnlyList<ContainerSampling> watches, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        return Parallel.ForEachAsync(watches.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (item, token) =>
        {
            var wait = (interval * SpreadOver * item.Index / watches.Count) - time.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, token);
            }

            if (sender.HasListener && !IsLeftAlone(item.Item))
            {
                await SampleAsync(item.Item, token);
            }
        });
    }

    private bool IsLeftAlone(ContainerSampling watch) => watch.StuckSince is { } since && time.GetElapsedTime(since) < LeftAlone;

    private async Task SampleAsync(ContainerSampling watch, CancellationToken ct)
    {
        using var limit = new TimeLimit(AnswerLimit, time, ct);
        try
        {
            var stats = await engine.GetStatsAsync(watch.Id, limit.Token);
            watch.StuckSince = null;
            var reading = Reading.From(stats);
            if (stats.Read is null || stats.Read == DateTimeOffset.MinValue || reading is { Cpu: 0, MemoryLimit: 0 })
            {
                return; // Docker's way to say that the container is ending.
            }

            if (watch.Since(reading, Rfc3339.Format(time.GetUtcNow())) is { } sample)
            {
                sender.Send([sample]);
            }
        }
        catch (EngineException e)
        {
            Log.EngineFailed(logger, watch.ShortId, e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            watch.StuckSince = time.GetTimestamp();
            StatsLog.EngineStuck(logger, watch.ShortId, AnswerLimit.TotalSeconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(314, LogLevel.Debug, "No statistics of {Container} from the engine: {Reason}")]
        public static partial void EngineFailed(ILogger logger, string container, string reason);
    }
}
