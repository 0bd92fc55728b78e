using System.Text.Json;
using DockMon.Protocol;
using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage;

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
    /// <summary>Whether its agent has a capability: one of <see cref="Capabilities"/>.</summary>
    public bool Can(string capability) =>
        Registration.TryGetProperty("capabilities", out var all) && all.TryGetProperty(capability, out var can) && can.ValueKind == JsonValueKind.True;
}

/// <summary>Hosts and their agents.</summary>
internal interface IHosts
{
    IReadOnlyList<HostRecord> List();

    HostRecord? Find(string id);

    HostRecord? FindByToken(string permanentToken);

    /// <summary>Stores the current registration of an agent.</summary>
    /// <returns>The updated host; null when it was removed meanwhile.</returns>
    HostRecord? Update(HostRecord host, RegisterRequest request);

    void Seen(string id);

    void KeepContainers(string id, JsonElement containers);

    /// <summary>The containers as they were last listed, and when; null when they never were.</summary>
    (string Json, string At)? LastContainers(string id);

    bool Delete(string id);
}

internal sealed class SqliteHosts(Database database, TimeProvider time) : IHosts
{
    /// <summary>What <see cref="Read"/> reads.</summary>
    public const string Columns = "SELECT id, agent_id, engine_id, hostname, registration, registered_at, last_seen";

    private string Now => Rfc3339.FormatSeconds(time.GetUtcNow());

    public IReadOnlyList<HostRecord> List() => database.Query(Columns + " FROM hosts ORDER BY hostname, id", Read);

    public HostRecord? Find(string id) => database.Query(Columns + " FROM hosts WHERE id = $id", Read, ("$id", id)).SingleOrDefault();

    public HostRecord? FindByToken(string permanentToken) =>
        database.Query(Columns + " FROM hosts WHERE token_hash = $hash", Read, ("$hash", Secrets.Hash(permanentToken))).SingleOrDefault();

    public HostRecord? Update(HostRecord host, RegisterRequest request)
    {
        var updated = host with { Hostname = request.Hostname, Registration = Public(request), LastSeen = Now };
        var found = database.Execute(
            "UPDATE hosts SET hostname = $hostname, registration = $registration, last_seen = $now, registered_with = NULL WHERE id = $id",
            ("$id", host.Id), ("$hostname", updated.Hostname), ("$registration", updated.Registration.GetRawText()), ("$now", updated.LastSeen)) > 0;
        return found ? updated : null;
    }

    public void Seen(string id) => database.Execute("UPDATE hosts SET last_seen = $now WHERE id = $id", ("$id", id), ("$now", Now));

    public void KeepContainers(string id, JsonElement containers) =>
        database.Execute(
            "UPDATE hosts SET containers = $json, containers_at = $now WHERE id = $id",
            ("$id", id), ("$json", database.Vault.Seal(containers.GetRawText(), ContainersPlace(id))), ("$now", Now));

    public (string Json, string At)? LastContainers(string id) =>
        database.Query(
            "SELECT containers, containers_at FROM hosts WHERE id = $id AND containers IS NOT NULL",
            row => (Box: row.GetString(0), At: row.GetString(1)),
            ("$id", id)) is [var kept]
            ? (database.Vault.Open(kept.Box, ContainersPlace(id)), kept.At) : null;

    public bool Delete(string id) => database.Transact(open =>
    {
        open.Execute("DELETE FROM events WHERE host_id = $id", ("$id", id));
        open.Execute("DELETE FROM health_checks WHERE host_id = $id", ("$id", id));
        return open.Execute("DELETE FROM hosts WHERE id = $id", ("$id", id)) > 0;
    });

    // Holds the environment variables of all containers.
    private static string ContainersPlace(string id) => "hosts.containers/" + id;

    // The frame holds the agent's secret, which must be neither stored nor shown.
    public static JsonElement Public(RegisterRequest request) =>
        JsonSerializer.SerializeToElement(request with { Token = "" }, ProtocolJson.Default.RegisterRequest);

    public static HostRecord Read(SqliteDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), JsonElement.Parse(row.GetString(4)), row.GetString(5), row.GetString(6));
}
