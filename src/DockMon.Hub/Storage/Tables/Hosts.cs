using System.Data.Common;
using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Storage.Tables;

/// <summary>A registered host.</summary>
/// <param name="Id">The hub's id of the host.</param>
/// <param name="AgentId">The hub's id of its agent.</param>
/// <param name="EngineId">Docker's id of its engine.</param>
/// <param name="Hostname">Its name.</param>
/// <param name="Registration">The latest registration of its agent, without the token.</param>
/// <param name="RegisteredAt">Time of the first registration.</param>
/// <param name="LastSeen">Time of the last connection.</param>
internal sealed record HostRecord(string Id, string AgentId, string EngineId, string Hostname, JsonElement Registration, string RegisteredAt, string LastSeen)
{
    /// <summary>Whether its agent has a capability: one of <see cref="Capabilities"/> or <see cref="ExtensionNames"/>.</summary>
    public bool Can(string capability) =>
        Registration.TryGetProperty("capabilities", out var all) && all.TryGetProperty(capability, out var can) && can.ValueKind == JsonValueKind.True;
}

/// <summary>Hosts and their agents.</summary>
internal interface IHosts
{
    Task<IReadOnlyList<HostRecord>> ListAsync(CancellationToken ct);

    Task<HostRecord?> FindAsync(string id, CancellationToken ct);

    Task<HostRecord?> FindByTokenAsync(string permanentToken, CancellationToken ct);

    /// <summary>Stores the current registration of an agent.</summary>
    /// <returns>The updated host; null when it was removed meanwhile.</returns>
    Task<HostRecord?> UpdateAsync(HostRecord host, RegisterRequest request, CancellationToken ct);

    Task SeenAsync(string id, CancellationToken ct);

    Task<bool> DeleteAsync(string id, CancellationToken ct);
}

internal sealed class Hosts(Database database, TimeProvider time) : IHosts
{
    /// <summary>What <see cref="Read"/> reads.</summary>
    public const string Columns = "SELECT id, agent_id, engine_id, hostname, registration, registered_at, last_seen";

    private string Now => Rfc3339.FormatSeconds(time.GetUtcNow());

    public async Task<IReadOnlyList<HostRecord>> ListAsync(CancellationToken ct) =>
        await database.QueryAsync(Columns + " FROM hosts ORDER BY hostname, id", Read, ct);

    public async Task<HostRecord?> FindAsync(string id, CancellationToken ct) =>
        (await database.QueryAsync(Columns + " FROM hosts WHERE id = @id", Read, ct, ("@id", id))).SingleOrDefault();

    public async Task<HostRecord?> FindByTokenAsync(string permanentToken, CancellationToken ct) =>
        (await database.QueryAsync(Columns + " FROM hosts WHERE token_hash = @hash", Read, ct, ("@hash", Secrets.Hash(permanentToken)))).SingleOrDefault();

    public async Task<HostRecord?> UpdateAsync(HostRecord host, RegisterRequest request, CancellationToken ct)
    {
        var updated = host with { Hostname = request.Hostname, Registration = Public(request), LastSeen = Now };
        var found = await database.ExecuteAsync(
            "UPDATE hosts SET hostname = @hostname, registration = @registration, last_seen = @now, registered_with = NULL WHERE id = @id",
            ct,
            ("@id", host.Id), ("@hostname", updated.Hostname), ("@registration", updated.Registration.GetRawText()), ("@now", updated.LastSeen)) > 0;
        return found ? updated : null;
    }

    public Task SeenAsync(string id, CancellationToken ct) =>
        database.ExecuteAsync("UPDATE hosts SET last_seen = @now WHERE id = @id", ct, ("@id", id), ("@now", Now));

    public Task<bool> DeleteAsync(string id, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            await open.ExecuteAsync("DELETE FROM events WHERE host_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM operations WHERE host_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM stacks WHERE host_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM containers WHERE host_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM health_checks WHERE host_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM host_policies WHERE host_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM image_checks WHERE host_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM host_tags WHERE host_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM agent_sessions WHERE host_id = @id", ("@id", id));
            return await open.ExecuteAsync("DELETE FROM hosts WHERE id = @id", ("@id", id)) > 0;
        },
        ct);

    // The frame holds the agent's secret, which must be neither stored nor shown.
    public static JsonElement Public(RegisterRequest request) =>
        JsonSerializer.SerializeToElement(request with { Token = "" }, ProtocolJson.Default.RegisterRequest);

    public static HostRecord Read(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), JsonElement.Parse(row.GetString(4)), row.GetString(5), row.GetString(6));
}
