using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Storage.Tables;

/// <summary>What the policy of each host allows, as its agent told last.</summary>
internal sealed class HostPolicies(Database database)
{
    /// <returns>Null when the agent never told.</returns>
    public async Task<PolicyStatement?> FindAsync(string hostId, CancellationToken ct) =>
        await database.QueryAsync("SELECT policy FROM host_policies WHERE host_id = @host", row => row.GetString(0), ct, ("@host", hostId)) is [var json]
            ? JsonSerializer.Deserialize(json, ProtocolJson.Default.PolicyStatement) : null;

    // Only for an existing host: a removed one would leave it behind.
    public Task KeepAsync(string hostId, PolicyStatement policy, CancellationToken ct) => database.TransactAsync(
        open => open.ExecuteAsync(
            """
            INSERT INTO host_policies (host_id, policy) SELECT id, @policy FROM hosts WHERE id = @host
            ON CONFLICT (host_id) DO UPDATE SET policy = excluded.policy
            """,
            ("@host", hostId), ("@policy", JsonSerializer.Serialize(policy, ProtocolJson.Default.PolicyStatement))),
        ct);
}
