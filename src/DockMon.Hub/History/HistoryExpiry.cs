using DockMon.Hub.Storage;

namespace DockMon.Hub.History;

/// <summary>Deletes what is too old, and what removed hosts left behind: some hosts at a time, in the order of their ids, again and again.</summary>
internal sealed class HistoryExpiry(Database database, TimeProvider time)
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
                return;
            }

            await ExpireAsync(hostId, ct);
            _last = hostId;
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
}
