using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Storage;

/// <summary>The health checks of each host.</summary>
internal interface IHealthChecks
{
    /// <summary>A host's checks; null when it was never given any.</summary>
    HealthCheckConfigsSync? Find(string hostId);

    void Replace(string hostId, HealthCheckConfigsSync checks);
}

internal sealed class SqliteHealthChecks(Database database) : IHealthChecks
{
    public HealthCheckConfigsSync? Find(string hostId) =>
        database.Query("SELECT sync FROM health_checks WHERE host_id = $host", row => JsonSerializer.Deserialize(row.GetString(0), ProtocolJson.Default.HealthCheckConfigsSync), ("$host", hostId))
            .SingleOrDefault();

    public void Replace(string hostId, HealthCheckConfigsSync checks) =>
        database.Execute(
            "INSERT INTO health_checks (host_id, sync) VALUES ($host, $sync) ON CONFLICT (host_id) DO UPDATE SET sync = excluded.sync",
            ("$host", hostId), ("$sync", JsonSerializer.Serialize(checks, ProtocolJson.Default.HealthCheckConfigsSync)));
}
