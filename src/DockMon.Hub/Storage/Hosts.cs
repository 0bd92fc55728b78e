using System.Text.Json;
using DockMon.Protocol;
using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage;

/// <summary>A host whose agent has registered.</summary>
/// <param name="Id">The hub's id of the host.</param>
/// <param name="AgentId">The hub's id of its agent.</param>
/// <param name="EngineId">Docker's id of its engine.</param>
/// <param name="Hostname">Its name.</param>
/// <param name="Registration">What its agent said last, without the token.</param>
/// <param name="RegisteredAt">When it registered first.</param>
/// <param name="LastSeen">When it was last connected.</param>
internal sealed record HostRecord(string Id, string AgentId, string EngineId, string Hostname, JsonElement Registration, string RegisteredAt, string LastSeen)
{
    /// <summary>Whether its agent has said that it can do something: one of <see cref="Capabilities"/>.</summary>
    public bool Can(string capability) =>
        Registration.TryGetProperty("capabilities", out var all) && all.TryGetProperty(capability, out var can) && can.ValueKind == JsonValueKind.True;
}

/// <summary>Hosts and their agents.</summary>
internal interface IHosts
{
    IReadOnlyList<HostRecord> List();

    HostRecord? Find(string id);

    HostRecord? FindByToken(string permanentToken);

    IReadOnlyList<HostRecord> FindByEngine(string engineId);

    /// <summary>Adds a host and makes its permanent token.</summary>
    (HostRecord Host, string PermanentToken) Add(RegisterRequest request);

    /// <summary>Takes over what an agent says of itself now.</summary>
    /// <returns>The host as it is now; null when it was removed meanwhile.</returns>
    HostRecord? Update(HostRecord host, RegisterRequest request);

    void Seen(string id);

    void KeepContainers(string id, JsonElement containers);

    /// <summary>The containers as they were last listed, and when; null when they never were.</summary>
    (string Json, string At)? LastContainers(string id);

    bool Delete(string id);
}

internal sealed class SqliteHosts(Database database, TimeProvider time) : IHosts
{
    private const string Columns = "SELECT id, agent_id, engine_id, hostname, registration, registered_at, last_seen FROM hosts ";

    private string Now => Rfc3339.FormatSeconds(time.GetUtcNow());

    public IReadOnlyList<HostRecord> List() => database.Query(Columns + "ORDER BY hostname, id", Read);

    public HostRecord? Find(string id) => database.Query(Columns + "WHERE id = $id", Read, ("$id", id)).SingleOrDefault();

    public HostRecord? FindByToken(string permanentToken) =>
        database.Query(Columns + "WHERE token_hash = $hash", Read, ("$hash", Secrets.Hash(permanentToken))).SingleOrDefault();

    public IReadOnlyList<HostRecord> FindByEngine(string engineId) => database.Query(Columns + "WHERE engine_id = $engine", Read, ("$engine", engineId));

    public (HostRecord Host, string PermanentToken) Add(RegisterRequest request)
    {
        var token = Secrets.Create();
        var host = new HostRecord(Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), request.EngineId, request.Hostname, Public(request), Now, Now);
        database.Execute(
            """
            INSERT INTO hosts (id, agent_id, token_hash, engine_id, hostname, registration, registered_at, last_seen)
            VALUES ($id, $agent, $hash, $engine, $hostname, $registration, $now, $now)
            """,
            ("$id", host.Id), ("$agent", host.AgentId), ("$hash", Secrets.Hash(token)), ("$engine", host.EngineId), ("$hostname", host.Hostname),
            ("$registration", host.Registration.GetRawText()), ("$now", host.RegisteredAt));
        return (host, token);
    }

    public HostRecord? Update(HostRecord host, RegisterRequest request)
    {
        var updated = host with { Hostname = request.Hostname, Registration = Public(request), LastSeen = Now };
        return database.Execute(
            "UPDATE hosts SET hostname = $hostname, registration = $registration, last_seen = $now WHERE id = $id",
            ("$id", host.Id), ("$hostname", updated.Hostname), ("$registration", updated.Registration.GetRawText()), ("$now", updated.LastSeen)) > 0 ? updated : null;
    }

    public void Seen(string id) => database.Execute("UPDATE hosts SET last_seen = $now WHERE id = $id", ("$id", id), ("$now", Now));

    public void KeepContainers(string id, JsonElement containers) =>
        database.Execute("UPDATE hosts SET containers = $json, containers_at = $now WHERE id = $id", ("$id", id), ("$json", containers.GetRawText()), ("$now", Now));

    public (string Json, string At)? LastContainers(string id) =>
        database.Query("SELECT containers, containers_at FROM hosts WHERE id = $id AND containers IS NOT NULL", row => ((string, string)?)(row.GetString(0), row.GetString(1)), ("$id", id))
            .SingleOrDefault();

    public bool Delete(string id)
    {
        database.Execute("DELETE FROM events WHERE host_id = $id", ("$id", id));
        database.Execute("DELETE FROM health_checks WHERE host_id = $id", ("$id", id));
        return database.Execute("DELETE FROM hosts WHERE id = $id", ("$id", id)) > 0;
    }

    // The frame holds the agent's secret; what is kept and shown must not.
    private static JsonElement Public(RegisterRequest request) => JsonSerializer.SerializeToElement(request with { Token = "" }, ProtocolJson.Default.RegisterRequest);

    private static HostRecord Read(SqliteDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), JsonElement.Parse(row.GetString(4)), row.GetString(5), row.GetString(6));
}
