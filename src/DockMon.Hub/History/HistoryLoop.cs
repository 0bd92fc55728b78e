using System.Data.Common;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.History;

/// <summary>What is done for the history all the time: writing minutes, rolling hours up, deleting what is too old.</summary>
internal sealed partial class HistoryLoop(
    LiveSamples samples, HistoryJournal journal, HistoryStore store, HistoryRoller roller, HistoryExpiry expiry, TimeProvider time, ILogger<HistoryLoop> logger)
    : PeriodicService(Turn, time)
{
    /// <summary>Time between two turns.</summary>
    public static readonly TimeSpan Turn = TimeSpan.FromSeconds(10);

    /// <summary>How long after its end an hour is rolled up at the earliest: its last minutes are in the journal then.</summary>
    public static readonly TimeSpan Earliest = HistoryJournal.Interval + TimeSpan.FromMinutes(1);

    /// <summary>The time after that over which hosts are spread.</summary>
    public static readonly TimeSpan Spread = TimeSpan.FromMinutes(48);

    /// <summary>Maximum number of hours, of one host each, that are rolled up at once.</summary>
    private const int MostRolled = 1000;

    /// <summary>Number of turns between two looks for hours to roll up.</summary>
    private const int RollTurns = 6;

    private static readonly int Turns = (int)(HistoryJournal.Interval / Turn);

    private readonly LogLimit _failures = new(time);
    private long _turn;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await journal.WriteAllAsync(cancellationToken);
    }

    protected override async Task TakeTurnAsync(CancellationToken ct)
    {
        var turn = _turn++;
        try
        {
            samples.Sweep();
            await journal.WriteAsync(turn, Turns, ct);
            if (turn % RollTurns == 0)
            {
                await RollAsync(ct);
            }

            await expiry.TurnAsync(ct);
        }
        catch (DbException e)
        {
            Failed(e);
        }
    }

    private async Task RollAsync(CancellationToken ct)
    {
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        var over = now - (long)Earliest.TotalSeconds - Tier.Hour;
        var due = (await store.JournaledHoursAsync(over, ct)).Where(one => IsDue(one.HostId, over - one.Hour)).Take(MostRolled);
        foreach (var (hostId, hour) in due)
        {
            try
            {
                await roller.RollAsync(hostId, hour, ct);
            }
            catch (DbException e)
            {
                // The journal still has it.
                Failed(e);
            }
        }
    }

    /// <summary>
    /// Whether it is the turn of a host's hour, so many seconds after it could be. One of another hub's hosts is left to that hub, for an hour.
    /// </summary>
    private bool IsDue(string hostId, long seconds) =>
        seconds >= Spreading.Of(hostId, (int)Spread.TotalSeconds) + (samples.Find(hostId) is null ? Tier.Hour : 0);

    private void Failed(DbException e)
    {
        if (_failures.Happened(out var count))
        {
            Log.NotRolled(logger, count, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(46, LogLevel.Error,
            "Cannot roll statistics up or delete old ones ({Count} times since the last such message); it is tried again: {Reason}")]
        public static partial void NotRolled(ILogger logger, int count, string reason);
    }
}
