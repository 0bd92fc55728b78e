using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Storage;

/// <summary>The health checks of each host. They may hold passwords and tokens, and are sealed.</summary>
internal interface IHealthChecks
{
    /// <summary>A host's checks; null when it was never given any.</summary>
    HealthCheckConfigsSync? Find(string hostId);

    void Replace(string hostId, HealthCheckConfigsSync checks);
}

internal sealed class SqliteHealthChecks(Database database) : IHealthChecks
{
    /// <summary>Where a host's checks are sealed for.</summary>
    public static string Place(string hostId) => "health_checks/" + hostId;

    public HealthCheckConfigsSync? Find(string hostId) =>
        database.Query("SELECT sync FROM health_checks WHERE host_id = $host", row => row.GetString(0), ("$host", hostId)) is [var box]
            ? JsonSerializer.Deserialize(database.Vault.Open(box, Place(hostId)), ProtocolJson.Default.HealthCheckConfigsSync) : null;

    // Not for a host that was removed meanwhile: nobody would ever remove them.
    public void Replace(string hostId, HealthCheckConfigsSync checks) => database.Transact(open => open.Execute(
        """
        INSERT INTO health_checks (host_id, sync) SELECT id, $sync FROM hosts WHERE id = $host
        ON CONFLICT (host_id) DO UPDATE SET sync = excluded.sync
        """,
        ("$host", hostId), ("$sync", database.Vault.Seal(JsonSerializer.Serialize(checks, ProtocolJson.Default.HealthCheckConfigsSync), Place(hostId)))));
}
