using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Storage.Tables;

/// <summary>Health checks of each host. They may hold passwords and tokens, and are stored encrypted.</summary>
internal interface IHealthChecks
{
    /// <summary>A host's checks; null when none were ever set.</summary>
    Task<HealthCheckConfigsSync?> FindAsync(string hostId, CancellationToken ct);

    Task ReplaceAsync(string hostId, HealthCheckConfigsSync checks, CancellationToken ct);
}

internal sealed class HealthChecks(Database database) : IHealthChecks
{
    /// <summary>The place of a host's checks, as the vault binds it.</summary>
    public static string Place(string hostId) => "health_checks/" + hostId;

    public async Task<HealthCheckConfigsSync?> FindAsync(string hostId, CancellationToken ct) =>
        await database.QueryAsync("SELECT sync FROM health_checks WHERE host_id = @host", row => row.GetString(0), ct, ("@host", hostId)) is [var box]
            ? JsonSerializer.Deserialize(database.Vault.Open(box, Place(hostId)), ProtocolJson.Default.HealthCheckConfigsSync) : null;

    // Only for an existing host: a removed one would leave them behind.
    public Task ReplaceAsync(string hostId, HealthCheckConfigsSync checks, CancellationToken ct)
    {
        var box = database.Vault.Seal(JsonSerializer.Serialize(checks, ProtocolJson.Default.HealthCheckConfigsSync), Place(hostId));
        return database.TransactAsync(
            open => open.ExecuteAsync(
                """
                INSERT INTO health_checks (host_id, sync) SELECT id, @sync FROM hosts WHERE id = @host
                ON CONFLICT (host_id) DO UPDATE SET sync = excluded.sync
                """,
                ("@host", hostId), ("@sync", box)),
            ct);
    }
}
