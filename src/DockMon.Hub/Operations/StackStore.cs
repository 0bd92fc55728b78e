using System.Data.Common;
using System.Security.Cryptography;
using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Operations;

/// <summary>The files of a stack.</summary>
/// <param name="Compose">The compose file.</param>
/// <param name="Env">The <c>.env</c> file beside it.</param>
internal sealed record StackFiles(string Compose, string? Env);

/// <summary>What the hub keeps of a stack.</summary>
/// <param name="Compose">The compose file.</param>
/// <param name="Env">The <c>.env</c> file beside it.</param>
/// <param name="Deployed">The files of the last deployment that succeeded; null when there is none, or the stack was taken down since.</param>
internal sealed record StackContent(string Compose, string? Env, StackFiles? Deployed = null)
{
    /// <summary>The same for the same files, and another one for others.</summary>
    public string Revision => Convert.ToHexStringLower(SHA256.HashData(
        JsonSerializer.SerializeToUtf8Bytes(new StackFiles(Compose, Env), OperationJson.Default.StackFiles)).AsSpan(0, 16));
}

/// <summary>The files of a stack that the hub has.</summary>
/// <param name="HostId">The host.</param>
/// <param name="Name">The name of the compose project.</param>
/// <param name="Compose">The compose file.</param>
/// <param name="Env">The <c>.env</c> file beside it.</param>
/// <param name="UpdatedAt">When they were stored.</param>
/// <param name="Revision">Names these files: see <see cref="StackRequest.Revision"/>.</param>
/// <param name="Deployed">The files of the last deployment that succeeded; null when there is none, or the stack was taken down since.</param>
internal sealed record StackAnswer(
    string HostId, string Name, string Compose, string? Env, string UpdatedAt, string Revision, StackFiles? Deployed);

/// <summary>A compose project of a host.</summary>
/// <param name="HostId">The host.</param>
/// <param name="Name">Its name.</param>
/// <param name="Managed">Whether the hub has its compose file.</param>
/// <param name="Containers">Number of its containers.</param>
/// <param name="Running">Number of those that run.</param>
internal sealed record StackSummary(string HostId, string Name, bool Managed, int Containers, int Running);

/// <summary>Stacks whose files the hub has. They may hold passwords, and are stored encrypted.</summary>
internal sealed class StackStore(Database database, TimeProvider time)
{
    private const string Find = "SELECT content, updated_at FROM stacks WHERE host_id = @host AND name = @name";

    /// <summary>Compose projects by host and name: those that have containers, and those whose files the hub has.</summary>
    /// <param name="hosts">Of these hosts; null for all.</param>
    /// <param name="ct">Cancels it.</param>
    public async Task<IReadOnlyList<StackSummary>> ListAsync(IReadOnlySet<string>? hosts, CancellationToken ct)
    {
        // One host is asked for by its id; of several, the rows of others are left out afterwards.
        var (where, host) = hosts is { Count: 1 } ? ("host_id = @host", hosts.Single()) : ("@host = ''", "");
        var found = await database.QueryAsync(
            $"""
            SELECT host_id, project, COUNT(*), SUM(CASE WHEN state = 'running' THEN 1 ELSE 0 END)
            FROM containers WHERE {where} AND project <> '' GROUP BY host_id, project
            """,
            row => new StackSummary(row.GetString(0), row.GetString(1), false, (int)row.GetInt64(2), (int)row.GetInt64(3)),
            ct,
            ("@host", host));
        var stacks = found.ToDictionary(stack => (stack.HostId, stack.Name));
        var managed = await database.QueryAsync(
            $"SELECT host_id, name FROM stacks WHERE {where}", row => (HostId: row.GetString(0), Name: row.GetString(1)), ct, ("@host", host));
        foreach (var key in managed)
        {
            stacks[key] = stacks.TryGetValue(key, out var stack) ? stack with { Managed = true } : new StackSummary(key.HostId, key.Name, true, 0, 0);
        }

        return
        [
            .. stacks.Values.Where(stack => hosts?.Contains(stack.HostId) != false)
                .OrderBy(stack => stack.HostId, StringComparer.Ordinal).ThenBy(stack => stack.Name, StringComparer.Ordinal),
        ];
    }

    public async Task<StackAnswer?> FindAsync(string hostId, string name, CancellationToken ct)
    {
        var rows = await database.QueryAsync(Find, Row, ct, ("@host", hostId), ("@name", name));
        return rows is [var (box, at)] && Open(box, hostId, name) is { } content
            ? new StackAnswer(hostId, name, content.Compose, content.Env, at, content.Revision, content.Deployed) : null;
    }

    /// <summary>Stores the files of a stack.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="name">The stack.</param>
    /// <param name="files">The files.</param>
    /// <param name="basis">The revision that they were made from, empty for none; null when that does not matter.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns>Whether they were stored: not if what is stored is not <paramref name="basis"/>.</returns>
    public Task<bool> SaveAsync(string hostId, string name, StackContent files, string? basis, CancellationToken ct) =>
        database.TransactAsync(open => SaveAsync(open, hostId, name, files, basis), ct);

    /// <summary>The same, in a transaction.</summary>
    public Task<bool> SaveAsync(Statements open, string hostId, string name, StackContent files, string? basis) => ChangeAsync(
        open, hostId, name, old => basis is null || basis == (old?.Revision ?? "") ? files with { Deployed = old?.Deployed } : null, touch: true);

    /// <summary>Notes that files were deployed, unless there are others by now.</summary>
    public Task NoteDeployedAsync(string hostId, string name, string revision, CancellationToken ct) => NoteAsync(
        hostId, name, old => old?.Revision == revision ? old with { Deployed = new StackFiles(old.Compose, old.Env) } : null, ct);

    /// <summary>Notes that nothing of a stack is deployed any more.</summary>
    public Task NoteDownAsync(string hostId, string name, CancellationToken ct) =>
        NoteAsync(hostId, name, old => old is null ? null : old with { Deployed = null }, ct);

    public Task DeleteAsync(string hostId, string name, CancellationToken ct) =>
        database.ExecuteAsync("DELETE FROM stacks WHERE host_id = @host AND name = @name", ct, ("@host", hostId), ("@name", name));

    private Task<bool> NoteAsync(string hostId, string name, Func<StackContent?, StackContent?> change, CancellationToken ct) =>
        database.TransactAsync(open => ChangeAsync(open, hostId, name, change, touch: false), ct);

    /// <summary>Replaces what is stored of a stack, unless nothing is to be changed. Nobody else changes it meanwhile.</summary>
    private async Task<bool> ChangeAsync(Statements open, string hostId, string name, Func<StackContent?, StackContent?> change, bool touch)
    {
        var rows = await open.QueryAsync(Find, Row, ("@host", hostId), ("@name", name));
        var (box, at) = rows.SingleOrDefault();
        if (change(box is null ? null : Open(box, hostId, name)) is not { } content)
        {
            return false;
        }

        await open.ExecuteAsync(
            """
            INSERT INTO stacks (host_id, name, content, updated_at) SELECT h.id, @name, @content, @at FROM hosts h WHERE h.id = @host
            ON CONFLICT (host_id, name) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
            """,
            ("@host", hostId), ("@name", name), ("@at", touch || at is null ? Rfc3339.FormatSeconds(time.GetUtcNow()) : at),
            ("@content", database.Vault.Seal(JsonSerializer.Serialize(content, OperationJson.Default.StackContent), Place(hostId, name))));
        return true;
    }

    private StackContent? Open(string box, string hostId, string name) =>
        JsonSerializer.Deserialize(database.Vault.Open(box, Place(hostId, name)), OperationJson.Default.StackContent);

    private static (string Box, string At) Row(DbDataReader row) => (row.GetString(0), row.GetString(1));

    private static string Place(string hostId, string name) => $"stacks/{hostId}/{name}";
}
