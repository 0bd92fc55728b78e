using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Images;

/// <summary>What registries had under the names of images, as it was checked last.</summary>
internal sealed class ImageCheckStore(Database database, TimeProvider time)
{
    /// <summary>How long a result is kept that is not checked again: its image is used no more.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    public async Task<IReadOnlyList<(ImageCheckResult Result, string CheckedAt)>> OfHostAsync(string hostId, CancellationToken ct) =>
        await database.QueryAsync(
            "SELECT result, checked_at FROM image_checks WHERE host_id = @host",
            row => (JsonSerializer.Deserialize(row.GetString(0), ProtocolJson.Default.ImageCheckResult)!, row.GetString(1)),
            ct,
            ("@host", hostId));

    /// <summary>Time of the last check of each host.</summary>
    public async Task<Dictionary<string, string>> LastChecksAsync(CancellationToken ct) =>
        (await database.QueryAsync(
            "SELECT host_id, MAX(checked_at) FROM image_checks GROUP BY host_id", row => (Host: row.GetString(0), At: row.GetString(1)), ct))
        .ToDictionary(check => check.Host, check => check.At);

    /// <summary>Stores results, and deletes old ones of the host.</summary>
    public Task KeepAsync(string hostId, IEnumerable<ImageCheckResult> results, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            var now = Rfc3339.FormatSeconds(time.GetUtcNow());
            foreach (var result in results)
            {
                // Only for an existing host: a removed one would leave them behind.
                await open.ExecuteAsync(
                    """
                    INSERT INTO image_checks (host_id, image, result, checked_at) SELECT id, @image, @result, @now FROM hosts WHERE id = @host
                    ON CONFLICT (host_id, image) DO UPDATE SET result = excluded.result, checked_at = excluded.checked_at
                    """,
                    ("@host", hostId), ("@image", result.Image), ("@now", now),
                    ("@result", JsonSerializer.Serialize(result, ProtocolJson.Default.ImageCheckResult)));
            }

            return await open.ExecuteAsync(
                "DELETE FROM image_checks WHERE host_id = @host AND checked_at < @old",
                ("@host", hostId), ("@old", Rfc3339.FormatSeconds(time.GetUtcNow() - Kept)));
        },
        ct);
}
