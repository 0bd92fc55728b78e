using System.Text.Json;

namespace DockMon.Hub.Storage.Tables;

/// <summary>Container events.</summary>
internal interface IEvents
{
    /// <summary>Stores an event; completes when it is committed.</summary>
    /// <returns>False for an event that is stored already (agents repeat events whose delivery is uncertain), or whose host was removed.</returns>
    /// <exception cref="EventsWaitException">The database is away: the event is not stored, and the agent must keep it.</exception>
    /// <exception cref="System.Data.Common.DbException">The event cannot be stored, also not later.</exception>
    Task<bool> AddAsync(string hostId, JsonElement payload, CancellationToken ct);

    /// <summary>The latest events of a host, newest first.</summary>
    Task<IReadOnlyList<JsonElement>> ListAsync(string hostId, int limit, CancellationToken ct);
}

/// <summary>Events that cannot be stored now. The message is for the agent.</summary>
internal sealed class EventsWaitException() : IOException("the hub cannot store events now: they are wanted again later");

internal sealed class Events(Database database, EventWriter writer) : IEvents
{
    /// <summary>Maximum number of stored events of a host.</summary>
    public const int KeptOfHost = 10_000;

    /// <summary>Maximum number of rows that one statement removes: writers do not wait long for it.</summary>
    private const int Slice = 1000;

    public Task<bool> AddAsync(string hostId, JsonElement payload, CancellationToken ct) => writer.AddAsync(EventRow.Of(hostId, payload), ct);

    public async Task<IReadOnlyList<JsonElement>> ListAsync(string hostId, int limit, CancellationToken ct) =>
        await database.QueryAsync(
            "SELECT payload FROM events WHERE host_id = @host ORDER BY id DESC LIMIT @limit",
            row => JsonElement.Parse(row.GetString(0)),
            ct,
            ("@host", hostId), ("@limit", limit));

    /// <summary>Removes the oldest events of a host that has too many.</summary>
    public static Task PruneHostAsync(Database database, string hostId, CancellationToken ct) =>
        database.ExecuteAsync(
            "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE host_id = @host ORDER BY id DESC LIMIT @slice OFFSET @kept)",
            ct,
            ("@host", hostId), ("@slice", Slice), ("@kept", KeptOfHost));

    /// <summary>Removes some of the events that are older than a time.</summary>
    /// <returns>Whether there may be more.</returns>
    public static async Task<bool> PruneOldAsync(Database database, DateTimeOffset before, CancellationToken ct) =>
        await database.ExecuteAsync(
            """
            DELETE FROM events WHERE id IN (
                SELECT id FROM (SELECT id, received_at FROM events ORDER BY id LIMIT @slice) AS oldest WHERE received_at < @before)
            """,
            ct,
            ("@slice", Slice), ("@before", before.ToUnixTimeMilliseconds())) == Slice;
}
