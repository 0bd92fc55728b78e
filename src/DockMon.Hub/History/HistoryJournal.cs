using System.Data.Common;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.History;

/// <summary>
/// Writes the minutes of all hosts to the database: those of each host every five minutes, at a time of its own. What an unavailable database does not
/// take waits in memory, an hour at most.
/// </summary>
internal sealed partial class HistoryJournal(LiveSamples samples, HistoryStore store, TimeProvider time, ILogger<HistoryJournal> logger)
{
    /// <summary>How often the minutes of a host are written: a crash loses those since then, and the one that is not over.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>Oldest minute that is accepted late: its hour must still be in the minute tier.</summary>
    public static readonly TimeSpan Oldest = Tier.Minute.Kept - TimeSpan.FromHours(2);

    /// <summary>Maximum number of minutes that are accepted at once.</summary>
    public const int MostBackfilled = 200_000;

    private readonly LogLimit _failures = new(time);
    private readonly LogLimit _losses = new(time);

    /// <summary>
    /// Adds minutes that came late, of a time without a connection. They are on the disk when this returns, and count once however often they come: of two
    /// of the same time, the one of more samples is kept.
    /// </summary>
    /// <param name="hostId">The host.</param>
    /// <param name="rollups">Minutes by name of the container, or <see cref="LiveSamples.HostSeries"/>. Those too old, or of the future, are left out.</param>
    /// <param name="ct">Cancels the write.</param>
    /// <returns>Number of minutes that were accepted.</returns>
    /// <exception cref="DbException">They could not be written.</exception>
    public async Task<int> BackfillAsync(string hostId, IReadOnlyList<SeriesMinutes> rollups, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var (oldest, newest) = ((now - Oldest).ToUnixTimeSeconds(), now.ToUnixTimeSeconds());
        var room = MostBackfilled;
        var accepted = new List<SeriesMinutes>();
        foreach (var (series, minutes) in rollups.Take(HistoryRoller.MostSeries))
        {
            List<Rollup> kept = [.. minutes
                .Where(minute => minute.Start >= oldest && minute.Start <= newest && minute.Start % Tier.Minute.Step == 0 && minute.Count > 0).Take(room)];
            room -= kept.Count;
            if (kept.Count > 0)
            {
                accepted.Add(new SeriesMinutes(series, kept));
            }
        }

        await store.AppendFlushedAsync(hostId, accepted, ct);
        return MostBackfilled - room;
    }

    /// <summary>Writes the minutes of the hosts whose turn it is.</summary>
    /// <param name="turn">Number of the turn.</param>
    /// <param name="turns">Number of turns of an interval.</param>
    /// <param name="ct">Cancels the writes.</param>
    public async Task WriteAsync(long turn, int turns, CancellationToken ct)
    {
        foreach (var (hostId, host) in samples.Hosts.Where(entry => Spreading.Of(entry.Key, turns) == turn % turns))
        {
            await WriteAsync(hostId, host, all: false, ct);
        }
    }

    /// <summary>Writes everything, with the minutes that are not over.</summary>
    public async Task WriteAllAsync(CancellationToken ct)
    {
        foreach (var (hostId, host) in samples.Hosts)
        {
            await WriteAsync(hostId, host, all: true, ct);
        }
    }

    private async Task WriteAsync(string hostId, HostSamples host, bool all, CancellationToken ct)
    {
        var minutes = host.CompletedMinutes(time.GetUtcNow().ToUnixTimeSeconds(), all);
        if (minutes.Count == 0)
        {
            return;
        }

        try
        {
            await store.AppendAsync(hostId, minutes, ct);
            if (host.Forget(minutes) is > 0 and var lost && _losses.Happened(out _))
            {
                Log.MinutesLost(logger, lost, hostId, MinuteCollector.MostWaiting);
            }
        }
        catch (DbException e)
        {
            if (_failures.Happened(out var count))
            {
                Log.MinutesNotWritten(logger, count, hostId, MinuteCollector.MostWaiting, e.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(44, LogLevel.Error,
            "Cannot write statistics ({Count} times since the last such message, the newest of host {HostId}); they wait in memory, up to {Most} "
            + "minutes: {Reason}")]
        public static partial void MinutesNotWritten(ILogger logger, int count, string hostId, int most, string reason);

        [LoggerMessage(45, LogLevel.Warning, "Lost {Count} minutes of statistics of host {HostId}, because they could not be written for {Most} minutes")]
        public static partial void MinutesLost(ILogger logger, int count, string hostId, int most);
    }
}
