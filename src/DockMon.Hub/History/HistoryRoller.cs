using System.Globalization;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;
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

    private const int RowsAtOnce = 100;

    private readonly LogLimit _excess = new(time);

    /// <summary>Rolls up an hour of a host in one transaction.</summary>
    /// <returns>Number of series.</returns>
    public Task<int> RollAsync(string hostId, long hour, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            // Another hub that is about to do the same waits, and finds none.
            var rows = await open.QueryAsync(
                "DELETE FROM stats_journal WHERE host_id = @host AND hour = @hour RETURNING block",
                row => (byte[])row[0],
                ("@host", hostId), ("@hour", hour));
            if ((await open.QueryAsync("SELECT id FROM hosts WHERE id = @host", row => row.GetString(0), ("@host", hostId))).Count == 0)
            {
                return 0;
            }

            var all = Collect(hostId, rows);
            var there = await ReadAsync(open, hostId, hour);
            var changed = all.SelectMany(series => Roll(hostId, series.Key, hour, series.Value, there));
            foreach (var slice in changed.Chunk(RowsAtOnce))
            {
                await WriteAsync(open, hostId, slice);
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

    /// <summary>The blocks of all series of a host that an hour is in.</summary>
    private static async Task<Dictionary<BlockKey, byte[]>> ReadAsync(Statements open, string hostId, long hour)
    {
        var blocks = new Dictionary<BlockKey, byte[]>();
        foreach (var tier in Tier.All)
        {
            var start = tier.BlockOf(hour);
            foreach (var (series, block) in await open.QueryAsync(
                "SELECT series, block FROM stats_blocks WHERE host_id = @host AND tier = @tier AND start = @start",
                row => (row.GetString(0), (byte[])row[1]),
                ("@host", hostId), ("@tier", tier.Id), ("@start", start)))
            {
                blocks[new BlockKey(tier, start, series)] = block;
            }
        }

        return blocks;
    }

    /// <summary>The blocks of a series with an hour in them.</summary>
    private IEnumerable<(BlockKey Key, byte[] Block)> Roll(
        string hostId, string series, long hour, SortedList<long, Rollup> minutes, Dictionary<BlockKey, byte[]> there)
    {
        List<Rollup> Read(BlockKey key) => there.TryGetValue(key, out var block) ? store.ReadBlock(hostId, series, key.Tier, key.Start, block) : [];
        foreach (var tier in Tier.All)
        {
            var key = new BlockKey(tier, tier.BlockOf(hour), series);
            var others = Read(key);
            if (tier == Tier.Minute)
            {
                HistoryStore.Merge(minutes, others);
            }

            var all = others.Where(one => one.Start < hour || one.Start >= hour + Tier.Hour).Concat(RollupSum.By(tier.Step, minutes.Values));
            yield return (key, RollupBlock.Encode(SampleShape.Of(series), tier.Step, [.. all.OrderBy(one => one.Start)]));
        }
    }

    private static Task<int> WriteAsync(Statements open, string hostId, (BlockKey Key, byte[] Block)[] rows)
    {
        // One round trip for many rows: other writers wait meanwhile.
        var values = string.Join(", ", rows.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"(@host, @t{i}, @f{i}, @s{i}, @b{i})")));
        List<(string, object?)> parameters = [("@host", hostId)];
        for (var i = 0; i < rows.Length; i++)
        {
            var number = i.ToString(CultureInfo.InvariantCulture);
            var ((tier, start, series), block) = rows[i];
            parameters.AddRange([("@t" + number, tier.Id), ("@f" + number, start), ("@s" + number, series), ("@b" + number, block)]);
        }

        return open.ExecuteAsync(
            $"""
            INSERT INTO stats_blocks (host_id, tier, start, series, block) VALUES {values}
            ON CONFLICT (host_id, tier, start, series) DO UPDATE SET block = excluded.block
            """,
            [.. parameters]);
    }

    private sealed record BlockKey(Tier Tier, long Start, string Series);

    private static partial class Log
    {
        [LoggerMessage(43, LogLevel.Warning, "{Count} histories of host {HostId} are not kept: the limit is {Most} names in an hour")]
        public static partial void SeriesDropped(ILogger logger, int count, string hostId, int most);
    }
}
