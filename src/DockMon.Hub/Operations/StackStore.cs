using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Operations;

/// <summary>What a stack is deployed from.</summary>
internal sealed record StackContent(string Compose, string? Env);

/// <summary>A stack that the hub deployed.</summary>
internal sealed record StackAnswer(string HostId, string Name, string Compose, string? Env, string UpdatedAt);

/// <summary>A compose project of a host.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Managed">Whether the hub has its compose file.</param>
/// <param name="Containers">Number of its containers.</param>
/// <param name="Running">Number of those that run.</param>
internal sealed record StackSummary(string Name, bool Managed, int Containers, int Running);

/// <summary>Stacks that the hub deployed. Their files may hold passwords, and are stored encrypted.</summary>
internal sealed class StackStore(Database database, TimeProvider time)
{
    /// <summary>Compose projects of a host by name: those that run there, and those that the hub deployed.</summary>
    public async Task<IReadOnlyList<StackSummary>> ListAsync(string hostId, CancellationToken ct)
    {
        var running = await database.QueryAsync(
            """
            SELECT project, COUNT(*), SUM(CASE WHEN state = 'running' THEN 1 ELSE 0 END)
            FROM containers WHERE host_id = @host AND project <> '' GROUP BY project
            """,
            row => (Name: row.GetString(0), Containers: row.GetInt64(1), Running: row.GetInt64(2)),
            ct,
            ("@host", hostId));
        var managed = await database.QueryAsync("SELECT name FROM stacks WHERE host_id = @host", row => row.GetString(0), ct, ("@host", hostId));
        return
        [
            .. running.Select(stack => new StackSummary(stack.Name, managed.Contains(stack.Name), (int)stack.Containers, (int)stack.Running))
                .Concat(managed.Where(name => !running.Exists(stack => stack.Name == name)).Select(name => new StackSummary(name, true, 0, 0)))
                .OrderBy(stack => stack.Name, StringComparer.Ordinal),
        ];
    }

    public async Task<StackAnswer?> FindAsync(string hostId, string name, CancellationToken ct)
    {
        var rows = await database.QueryAsync(
            "SELECT content, updated_at FROM stacks WHERE host_id = @host AND name = @name",
            row => (Box: row.GetString(0), At: row.GetString(1)),
            ct,
            ("@host", hostId), ("@name", name));
        return rows is [var (box, at)]
            && JsonSerializer.Deserialize(database.Vault.Open(box, Place(hostId, name)), OperationJson.Default.StackContent) is { } content
            ? new StackAnswer(hostId, name, content.Compose, content.Env, at) : null;
    }

    public Task<bool> SaveAsync(string hostId, string name, StackContent content, CancellationToken ct) => database.TransactAsync(
        async open => await open.ExecuteAsync(
            """
            INSERT INTO stacks (host_id, name, content, updated_at) SELECT h.id, @name, @content, @now FROM hosts h WHERE h.id = @host
            ON CONFLICT (host_id, name) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
            """,
            ("@host", hostId), ("@name", name), ("@now", Rfc3339.FormatSeconds(time.GetUtcNow())),
            ("@content", database.Vault.Seal(JsonSerializer.Serialize(content, OperationJson.Default.StackContent), Place(hostId, name)))) > 0,
        ct);

    public Task DeleteAsync(string hostId, string name, CancellationToken ct) =>
        database.ExecuteAsync("DELETE FROM stacks WHERE host_id = @host AND name = @name", ct, ("@host", hostId), ("@name", name));

    private static string Place(string hostId, string name) => $"stacks/{hostId}/{name}";
}
