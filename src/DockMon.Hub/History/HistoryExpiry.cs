using DockMon.Hub.Storage;

namespace DockMon.Hub.History;

/// <summary>Deletes what is too old, and what removed hosts left behind: some hosts at a time, in the order of their ids, again and again.</summary>
internal sealed partial class HistoryExpiry(Database database, TimeProvider time, ILogger<HistoryExpiry> logger)
{
    /// <summary>Maximum number of hosts of one turn, and of rows that are deleted of a removed one.</summary>
    private const int MostHosts = 30;

    private const int MostRows = 1000;

    private string _last = "";

    public async Task TurnAsync(CancellationToken ct)
    {
        for (var i = 0; i < MostHosts; i++)
        {
            // The index is searched for the next host, not read.
            var next = await database.QueryAsync(
                "SELECT host_id FROM stats_blocks WHERE host_id > @last ORDER BY host_id LIMIT 1", row => row.GetString(0), ct, ("@last", _last));
            if (next is not [var hostId])
            {
                _last = "";
                await ExpireJournalAsync(ct);
                return;
            }

            await ExpireAsync(hostId, ct);
            _last = hostId;
        }
    }

    /// <summary>Deletes rows of the journal that could not be rolled up as long as their hour is kept.</summary>
    private async Task ExpireJournalAsync(CancellationToken ct)
    {
        var oldest = (time.GetUtcNow() - Tier.Minute.Kept).ToUnixTimeSeconds();
        if (await database.ExecuteAsync("DELETE FROM stats_journal WHERE hour < @oldest", ct, ("@oldest", oldest)) is > 0 and var rows)
        {
            Log.JournalExpired(logger, rows, (int)Tier.Minute.Kept.TotalHours);
        }
    }

    private async Task ExpireAsync(string hostId, CancellationToken ct)
    {
        if ((await database.QueryAsync("SELECT id FROM hosts WHERE id = @host", row => row.GetString(0), ct, ("@host", hostId))).Count == 0)
        {
            await database.ExecuteAsync(
                """
                DELETE FROM stats_blocks WHERE host_id = @host AND (tier, start, series) IN (
                    SELECT tier, start, series FROM stats_blocks WHERE host_id = @host ORDER BY tier, start, series LIMIT @most)
                """,
                ct,
                ("@host", hostId), ("@most", MostRows));
            return;
        }

        var now = time.GetUtcNow();
        foreach (var tier in Tier.All)
        {
            await database.ExecuteAsync(
                "DELETE FROM stats_blocks WHERE host_id = @host AND tier = @tier AND start < @start",
                ct,
                ("@host", hostId), ("@tier", tier.Id), ("@start", (now - tier.Kept).ToUnixTimeSeconds() - tier.Span));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(47, LogLevel.Warning, "Deleted {Rows} rows of the statistics journal, which could not be rolled up for {Hours} hours")]
        public static partial void JournalExpired(ILogger logger, int rows, int hours);
    }
}
