using DockMon.Hub.Agents;
using DockMon.Hub.Storage;

namespace DockMon.Hub.History;

/// <summary>
/// Makes blocks of what the journal has of an hour: the minutes, and what they come to in the coarser tiers. All of it follows from the minutes of that
/// hour, so late minutes are rolled up the same way as the first ones, and doing it twice changes nothing.
/// </summary>
internal sealed partial class HistoryRoller(Database database, HistoryStore store, TimeProvider time, ILogger<HistoryRoller> logger)
{
    /// <summary>Maximum number of series of a host and hour; names may change without end.</summary>
    public const int MostSeries = 2000;

    private readonly LogLimit _excess = new(time);

    /// <summary>Rolls up an hour of a host in one transaction.</summary>
    /// <returns>Number of series.</returns>
    public Task<int> RollAsync(string hostId, long hour, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            // Deleting the rows is also what claims them: another hub that is about to do the same finds none.
            var rows = await open.QueryAsync(
                "DELETE FROM stats_journal WHERE host_id = @host AND hour = @hour RETURNING block",
                row => (byte[])row[0],
                ("@host", hostId), ("@hour", hour));
            if ((await open.QueryAsync("SELECT id FROM hosts WHERE id = @host", row => row.GetString(0), ("@host", hostId))).Count == 0)
            {
                return 0;
            }

            var all = Collect(hostId, rows);
            foreach (var (series, minutes) in all)
            {
                await WriteAsync(open, hostId, series, hour, minutes);
            }

            return all.Count;
        },
        ct);

    private Dictionary<string, SortedList<long, Rollup>> Collect(string hostId, List<byte[]> rows)
    {
        var all = new Dictionary<string, SortedList<long, Rollup>>(StringComparer.Ordinal);
        var excess = 0;
        foreach (var row in rows)
        {
            store.ReadJournal(hostId, row, null, (series, minutes) =>
            {
                if (!all.TryGetValue(series, out var merged) && all.Count >= MostSeries)
                {
                    excess++;
                    return;
                }

                all[series] = merged ??= [];
                HistoryStore.Merge(merged, minutes);
            });
        }

        if (excess > 0 && _excess.Happened(out _))
        {
            Log.SeriesDropped(logger, excess, hostId, MostSeries);
        }

        return all;
    }

    private async Task WriteAsync(Statements open, string hostId, string series, long hour, SortedList<long, Rollup> minutes)
    {
        HistoryStore.Merge(minutes, await ReadAsync(open, hostId, series, Tier.Minute, hour));
        await ReplaceAsync(open, hostId, series, Tier.Minute, hour, [.. minutes.Values]);
        foreach (var tier in new[] { Tier.TenMinutes, Tier.Hours })
        {
            var start = tier.BlockOf(hour);
            var others = (await ReadAsync(open, hostId, series, tier, start)).Where(one => one.Start < hour || one.Start >= hour + Tier.Hour);
            await ReplaceAsync(open, hostId, series, tier, start, [.. others.Concat(RollupSum.By(tier.Step, minutes.Values)).OrderBy(one => one.Start)]);
        }
    }

    private async Task<List<Rollup>> ReadAsync(Statements open, string hostId, string series, Tier tier, long start)
    {
        var blocks = await open.QueryAsync(
            "SELECT block FROM stats_blocks WHERE host_id = @host AND tier = @tier AND start = @start AND series = @series",
            row => (byte[])row[0],
            ("@host", hostId), ("@tier", tier.Id), ("@start", start), ("@series", series));
        return blocks is [var block] ? store.ReadBlock(hostId, series, tier, start, block) : [];
    }

    private static Task<int> ReplaceAsync(Statements open, string hostId, string series, Tier tier, long start, List<Rollup> rollups) => open.ExecuteAsync(
        """
        INSERT INTO stats_blocks (host_id, tier, start, series, block) VALUES (@host, @tier, @start, @series, @block)
        ON CONFLICT (host_id, tier, start, series) DO UPDATE SET block = excluded.block
        """,
        ("@host", hostId), ("@tier", tier.Id), ("@start", start), ("@series", series),
        ("@block", RollupBlock.Encode(SampleShape.Of(series), tier.Step, rollups)));

    private static partial class Log
    {
        [LoggerMessage(43, LogLevel.Warning, "{Count} histories of host {HostId} are not kept: the limit is {Most} names in an hour")]
        public static partial void SeriesDropped(ILogger logger, int count, string hostId, int most);
    }
}
