using DockMon.Hub.Agents.Limits;
using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;
using DockMon.Hub.Storage;

namespace DockMon.Hub.History;

/// <summary>
/// Rollups in the database. Minutes are first written to a journal, a row for all series of a host and a few minutes; when an hour is over,
/// <see cref="HistoryRoller"/> makes blocks of them, a row for a series, a tier and a time. Both are read as one.
/// </summary>
internal sealed partial class HistoryStore(Database database, TimeProvider time, ILogger<HistoryStore> logger)
{
    private const string InsertJournal =
        "INSERT INTO stats_journal (host_id, hour, block) SELECT id, @hour, @block FROM hosts WHERE id = @host";

    private readonly LogLimit _damages = new(time);
    private readonly LogLimit _journalDamages = new(time);

    /// <summary>Writes minutes to the journal, not flushed to the disk.</summary>
    public async Task AppendAsync(string hostId, IEnumerable<SeriesMinutes> minutes, CancellationToken ct)
    {
        foreach (var (hour, block) in ByHour(minutes))
        {
            await database.ExecuteAsync(InsertJournal, ct, ("@host", hostId), ("@hour", hour), ("@block", block));
        }
    }

    /// <summary>Writes minutes to the journal, all or none, flushed to the disk.</summary>
    public Task AppendFlushedAsync(string hostId, IEnumerable<SeriesMinutes> minutes, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            var rows = 0;
            foreach (var (hour, block) in ByHour(minutes))
            {
                rows += await open.ExecuteAsync(InsertJournal, ("@host", hostId), ("@hour", hour), ("@block", block));
            }

            return rows;
        },
        ct);

    /// <summary>The hosts and hours that the journal has, up to an hour.</summary>
    public Task<List<(string HostId, long Hour)>> JournaledHoursAsync(long last, CancellationToken ct) => database.QueryAsync(
        "SELECT DISTINCT host_id, hour FROM stats_journal WHERE hour <= @last ORDER BY hour, host_id",
        row => (row.GetString(0), row.GetInt64(1)),
        ct,
        ("@last", last));

    /// <summary>The name of a container that the hub knows, by its id or the beginning of one; null for others.</summary>
    public async Task<string?> FindNameAsync(string hostId, string containerId, CancellationToken ct) => containerId.Length < LiveSamples.ShortId ? null
        : (await database.QueryAsync(
            "SELECT name FROM containers WHERE host_id = @host AND substr(id, 1, @length) = @id ORDER BY id LIMIT 1",
            row => row.GetString(0),
            ct,
            ("@host", hostId), ("@id", containerId), ("@length", containerId.Length))).SingleOrDefault();

    /// <summary>The minutes of a series that the journal has, by their starts.</summary>
    public async Task<SortedList<long, Rollup>> JournalAsync(string hostId, string series, long from, long to, CancellationToken ct)
    {
        var merged = new SortedList<long, Rollup>();
        var blocks = await database.QueryAsync(
            "SELECT block FROM stats_journal WHERE host_id = @host AND hour > @from AND hour < @to",
            row => (byte[])row[0],
            ct,
            ("@host", hostId), ("@from", from - Tier.Hour), ("@to", to));
        foreach (var block in blocks)
        {
            ReadJournal(hostId, block, series, (_, minutes) => Merge(merged, minutes));
        }

        return merged;
    }

    /// <summary>The rollups of a tier that the blocks have, by their starts.</summary>
    public async Task<SortedList<long, Rollup>> BlocksAsync(string hostId, string series, Tier tier, long from, long to, CancellationToken ct)
    {
        var merged = new SortedList<long, Rollup>();
        var blocks = await database.QueryAsync(
            "SELECT block, start FROM stats_blocks WHERE host_id = @host AND tier = @tier AND start > @from AND start < @to AND series = @series",
            row => (Block: (byte[])row[0], Start: row.GetInt64(1)),
            ct,
            ("@host", hostId), ("@series", series), ("@tier", tier.Id), ("@from", from - tier.Span), ("@to", to));
        foreach (var (block, start) in blocks)
        {
            Merge(merged, ReadBlock(hostId, series, tier, start, block));
        }

        return merged;
    }

    /// <summary>Adds minutes to others. Of two of the same time, the one of more samples counts: the other is a part of it, or a repetition.</summary>
    public static void Merge(SortedList<long, Rollup> minutes, IEnumerable<Rollup> more)
    {
        foreach (var minute in more)
        {
            if (!minutes.TryGetValue(minute.Start, out var there) || there.Count < minute.Count)
            {
                minutes[minute.Start] = minute;
            }
        }
    }

    /// <summary>Reads a block; one that is damaged is empty, and the log says so.</summary>
    public List<Rollup> ReadBlock(string hostId, string series, Tier tier, long start, byte[] block)
    {
        var rollups = new List<Rollup>();
        if (RollupBlock.TryDecode(SampleShape.Of(series), block, rollups))
        {
            return rollups;
        }

        if (_damages.Happened(out var count))
        {
            Log.BlockDamaged(logger, count, hostId, series, tier.Name, DateTimeOffset.FromUnixTimeSeconds(start));
        }

        return [];
    }

    /// <summary>Reads a row of the journal; what is damaged is left out, and the log says so.</summary>
    public void ReadJournal(string hostId, byte[] block, string? only, Action<string, List<Rollup>> found)
    {
        if (!JournalBlock.TryDecode(block, only, found) && _journalDamages.Happened(out var count))
        {
            Log.JournalDamaged(logger, count, hostId);
        }
    }

    private static IEnumerable<(long Hour, byte[] Block)> ByHour(IEnumerable<SeriesMinutes> all) =>
        from series in all
        from minute in series.Minutes
        group minute by (Hour: Tier.Minute.BlockOf(minute.Start), series.Series) into one
        group new SeriesMinutes(one.Key.Series, Ordered(one)) by one.Key.Hour into hour
        select (hour.Key, JournalBlock.Encode(hour));

    private static List<Rollup> Ordered(IEnumerable<Rollup> minutes)
    {
        var merged = new SortedList<long, Rollup>();
        Merge(merged, minutes);
        return [.. merged.Values];
    }

    private static partial class Log
    {
        [LoggerMessage(41, LogLevel.Error,
            "{Count} blocks of statistics are damaged since the last such message, and left out; the newest: host {HostId}, series \"{Series}\", "
            + "{Tier} from {Start:O}")]
        public static partial void BlockDamaged(ILogger logger, int count, string hostId, string series, string tier, DateTimeOffset start);

        [LoggerMessage(42, LogLevel.Error,
            "{Count} rows of the statistics journal are damaged since the last such message, the newest of host {HostId}: what cannot be read is left out")]
        public static partial void JournalDamaged(ILogger logger, int count, string hostId);
    }
}
