namespace DockMon.Hub.Storage.Tables;

/// <summary>Which hub an agent is connected to. Only hubs of a fleet keep it.</summary>
/// <param name="HostId">The agent's host.</param>
/// <param name="Epoch">Number of the agent's connections so far: the largest is the current one.</param>
/// <param name="HubId">The hub; null when the agent disconnected.</param>
/// <param name="SessionId">The session at that hub.</param>
internal sealed record AgentSessionRecord(string HostId, long Epoch, string? HubId, string SessionId);

/// <summary>The sessions of agents, of all hubs.</summary>
internal sealed class AgentSessions(Database database, TimeProvider time)
{
    private const string Columns = "SELECT host_id, epoch, hub_id, session_id FROM agent_sessions";

    /// <summary>Makes a session the host's current one.</summary>
    /// <returns>Its epoch; null when the host was removed.</returns>
    public async Task<long?> TakeAsync(string hostId, string hubId, string sessionId, CancellationToken ct) => (await database.TransactAsync(
        open => open.QueryAsync(
            """
            INSERT INTO agent_sessions (host_id, epoch, hub_id, session_id, since) SELECT id, 1, @hub, @session, @now FROM hosts WHERE id = @host
            ON CONFLICT (host_id) DO UPDATE
            SET epoch = agent_sessions.epoch + 1, hub_id = excluded.hub_id, session_id = excluded.session_id, since = excluded.since
            RETURNING epoch
            """,
            row => (long?)row.GetInt64(0),
            ("@host", hostId), ("@hub", hubId), ("@session", sessionId), ("@now", Protocol.Rfc3339.FormatSeconds(time.GetUtcNow()))),
        ct)).SingleOrDefault();

    /// <summary>Stores that an agent disconnected; does nothing when it has connected again since, to whichever hub.</summary>
    public Task ReleaseAsync(string hostId, long epoch, CancellationToken ct) =>
        database.ExecuteAsync("UPDATE agent_sessions SET hub_id = NULL WHERE host_id = @host AND epoch = @epoch", ct, ("@host", hostId), ("@epoch", epoch));

    public Task<List<AgentSessionRecord>> ListAsync(CancellationToken ct) => database.QueryAsync(Columns, Read, ct);

    public async Task<AgentSessionRecord?> FindAsync(string hostId, CancellationToken ct) =>
        (await database.QueryAsync(Columns + " WHERE host_id = @host", Read, ct, ("@host", hostId))).SingleOrDefault();

    private static AgentSessionRecord Read(System.Data.Common.DbDataReader row) =>
        new(row.GetString(0), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3));
}
