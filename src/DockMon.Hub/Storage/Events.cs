using System.Text.Json;

namespace DockMon.Hub.Storage;

/// <summary>Container events.</summary>
internal interface IEvents
{
    /// <summary>Stores an event.</summary>
    /// <returns>False for an event that is stored already (agents repeat events whose delivery is uncertain), or whose host was removed.</returns>
    Task<bool> AddAsync(string hostId, JsonElement payload, CancellationToken ct);

    /// <summary>The latest events of a host, newest first.</summary>
    Task<IReadOnlyList<JsonElement>> ListAsync(string hostId, int limit, CancellationToken ct);
}

internal sealed class Events(Database database) : IEvents
{
    /// <summary>Maximum number of stored events, of all hosts together.</summary>
    public const int Kept = 10_000;

    private int _added;

    public async Task<bool> AddAsync(string hostId, JsonElement payload, CancellationToken ct)
    {
        string Text(string name) => payload.ValueKind == JsonValueKind.Object
            && payload.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        var added = await database.ExecuteAsync(
            """
            INSERT INTO events (host_id, container_id, action, timestamp, payload)
            SELECT id, @container, @action, @timestamp, @payload FROM hosts WHERE id = @host
            ON CONFLICT DO NOTHING
            """,
            ct,
            ("@host", hostId),
            ("@container", Text("container_id")),
            ("@action", Text("action")),
            ("@timestamp", Text("timestamp")),
            ("@payload", payload.GetRawText())) > 0;
        if (added && Interlocked.Increment(ref _added) % 100 == 0)
        {
            await database.ExecuteAsync("DELETE FROM events WHERE id <= (SELECT MAX(id) FROM events) - @kept", ct, ("@kept", Kept));
        }

        return added;
    }

    public async Task<IReadOnlyList<JsonElement>> ListAsync(string hostId, int limit, CancellationToken ct) =>
        await database.QueryAsync(
            "SELECT payload FROM events WHERE host_id = @host ORDER BY id DESC LIMIT @limit",
            row => JsonElement.Parse(row.GetString(0)),
            ct,
            ("@host", hostId), ("@limit", limit));
}
