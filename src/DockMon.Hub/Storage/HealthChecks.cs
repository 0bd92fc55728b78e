using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Storage;

/// <summary>Health checks of each host. They may hold passwords and tokens, and are stored encrypted.</summary>
internal interface IHealthChecks
{
    /// <summary>A host's checks; null when none were ever set.</summary>
    HealthCheckConfigsSync? Find(string hostId);

    void Replace(string hostId, HealthCheckConfigsSync checks);
}

internal sealed class SqliteHealthChecks(Database database) : IHealthChecks
{
    /// <summary>The place of a host's checks, as the vault binds it.</summary>
    public static string Place(string hostId) => "health_checks/" + hostId;

    public HealthCheckConfigsSync? Find(string hostId) =>
        database.Query("SELECT sync FROM health_checks WHERE host_id = $host", row => row.GetString(0), ("$host", hostId)) is [var box]
            ? JsonSerializer.Deserialize(database.Vault.Open(box, Place(hostId)), ProtocolJson.Default.HealthCheckConfigsSync) : null;

    // Only for an existing host: a removed one would leave them behind.
    public void Replace(string hostId, HealthCheckConfigsSync checks) => database.Transact(open => open.Execute(
        """
        INSERT INTO health_checks (host_id, sync) SELECT id, $sync FROM hosts WHERE id = $host
        ON CONFLICT (host_id) DO UPDATE SET sync = excluded.sync
        """,
        ("$host", hostId), ("$sync", database.Vault.Seal(JsonSerializer.Serialize(checks, ProtocolJson.Default.HealthCheckConfigsSync), Place(hostId)))));
}
