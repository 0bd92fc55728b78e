using DockMon.Protocol;

namespace DockMon.Hub.Storage.Tables;

/// <summary>A refused registration; the message is sent to the agent.</summary>
internal sealed class RegistrationException(string message) : Exception(message);

/// <summary>
/// Registers hosts by registration tokens, in one transaction: of two concurrent agents, one is first.
/// </summary>
internal sealed class Registrations(Database database, TimeProvider time)
{
    private const string TokenState = "SELECT uses < max_uses, expires_at > @now FROM registration_tokens WHERE hash = @hash";

    /// <summary>Adds a host, or returns the one that this engine was added as with the same token, and creates its permanent token.</summary>
    /// <exception cref="RegistrationException">The registration is refused.</exception>
    public Task<(HostRecord Host, string PermanentToken)> AddAsync(RegisterRequest request, CancellationToken ct) =>
        database.TransactAsync(open => AddAsync(open, request), ct);

    private async Task<(HostRecord Host, string PermanentToken)> AddAsync(Statements open, RegisterRequest request)
    {
        var hash = Secrets.Hash(request.Token);
        var now = Rfc3339.FormatSeconds(time.GetUtcNow());
        var tokens = await open.QueryAsync(TokenState, row => (Left: row.GetBoolean(0), Fresh: row.GetBoolean(1)), ("@hash", hash), ("@now", now));
        if (tokens is not [var (left, fresh)])
        {
            throw new RegistrationException(AuthRejections.InvalidToken);
        }

        if (!fresh)
        {
            throw new RegistrationException(AuthRejections.ExpiredToken);
        }

        var twins = (await open.QueryAsync(
                Hosts.Columns + ", registered_with FROM hosts WHERE engine_id = @engine",
                row => (Host: Hosts.Read(row), With: row.IsDBNull(7) ? null : row.GetString(7)),
                ("@engine", request.EngineId)))
            .FindAll(twin => !request.ForceUniqueRegistration || twin.Host.Hostname == request.Hostname);
        if (twins.Find(twin => twin.With == hash).Host is { } same)
        {
            // The agent lost its permanent token before it was stored, for example in a power cut: the used-up token lets it in once more.
            return await AgainAsync(open, same, request, now);
        }

        if (!left)
        {
            throw new RegistrationException(AuthRejections.UsedUpToken);
        }

        if (twins is [var (twin, _), ..])
        {
            throw new RegistrationException(
                $"This Docker engine is already registered as host {twin.Hostname}: remove that host first (DELETE /api/hosts/{twin.Id}), "
                + "or give this agent a name of its own and force a unique registration");
        }

        await open.ExecuteAsync("UPDATE registration_tokens SET uses = uses + 1 WHERE hash = @hash", ("@hash", hash));
        return await InsertAsync(open, request, hash, now);
    }

    private static async Task<(HostRecord Host, string PermanentToken)> InsertAsync(Statements open, RegisterRequest request, string registeredWith, string now)
    {
        var token = Secrets.Create();
        var (id, agentId) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        var host = new HostRecord(id, agentId, request.EngineId, request.Hostname, Hosts.Public(request), now, now);
        await open.ExecuteAsync(
            """
            INSERT INTO hosts (id, agent_id, token_hash, engine_id, hostname, registration, registered_at, last_seen, registered_with)
            VALUES (@id, @agent, @hash, @engine, @hostname, @registration, @now, @now, @with)
            """,
            ("@id", host.Id), ("@agent", host.AgentId), ("@hash", Secrets.Hash(token)), ("@engine", host.EngineId), ("@hostname", host.Hostname),
            ("@registration", host.Registration.GetRawText()), ("@now", now), ("@with", registeredWith));
        return (host, token);
    }

    private static async Task<(HostRecord Host, string PermanentToken)> AgainAsync(Statements open, HostRecord known, RegisterRequest request, string now)
    {
        var token = Secrets.Create();
        var host = known with { Hostname = request.Hostname, Registration = Hosts.Public(request), LastSeen = now };
        await open.ExecuteAsync(
            "UPDATE hosts SET token_hash = @hash, hostname = @hostname, registration = @registration, last_seen = @now WHERE id = @id",
            ("@id", host.Id), ("@hash", Secrets.Hash(token)), ("@hostname", host.Hostname), ("@registration", host.Registration.GetRawText()), ("@now", now));
        return (host, token);
    }
}
