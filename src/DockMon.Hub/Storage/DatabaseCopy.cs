namespace DockMon.Hub.Storage;

/// <summary>Copies all rows of a database into an empty one of the other kind, in one transaction, and counts them.</summary>
internal static class DatabaseCopy
{
    /// <param name="source">Is read in one snapshot: what changes meanwhile is not copied.</param>
    /// <param name="target">Has the same schema, the same key, and no rows.</param>
    /// <param name="ct">Cancels the copy; the target stays empty.</param>
    /// <returns>Number of rows of each table.</returns>
    /// <exception cref="IOException">The target is not empty, or has not what was copied.</exception>
    public static Task<IReadOnlyList<(string Table, long Rows)>> RunAsync(Database source, Database target, CancellationToken ct) =>
        source.SnapshotAsync(
            from => target.TransactAsync<IReadOnlyList<(string Table, long Rows)>>(
                async to =>
                {
                    var tables = await target.Dialect.TablesAsync(to);
                    await EnsureEmptyAsync(to, tables, target.Name);
                    var counts = new List<(string Table, long Rows)>();
                    foreach (var table in tables)
                    {
                        counts.Add((table, await CopyAsync(from, to, table)));
                    }

                    await target.Dialect.RowsCopiedAsync(to, tables);
                    return counts;
                },
                ct),
            ct);

    private static async Task EnsureEmptyAsync(Statements to, IReadOnlyList<string> tables, string name)
    {
        // A new database has one row: with it, its key is checked. The source has the same.
        await to.ExecuteAsync("DELETE FROM settings WHERE name = 'vault_check'");
        foreach (var table in tables)
        {
            if (await CountAsync(to, table) is > 0 and var rows)
            {
                throw new IOException($"{name} is not empty ({table} has {rows} rows), and nothing was copied: name a new database");
            }
        }
    }

    private static async Task<long> CopyAsync(Statements from, Statements to, string table)
    {
        var (copied, insert) = (0L, "");
        await from.ReadAsync($"SELECT * FROM {table}", async row =>
        {
            var columns = Enumerable.Range(0, row.FieldCount).Select(row.GetName);
            insert = insert.Length > 0 ? insert
                : $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", Enumerable.Range(0, row.FieldCount).Select(i => $"@v{i}"))})";
            await to.ExecuteAsync(insert, [.. Enumerable.Range(0, row.FieldCount).Select(i => ($"@v{i}", (object?)row.GetValue(i)))]);
            copied++;
        });
        var there = await CountAsync(to, table);
        return there == copied ? copied : throw new IOException($"{copied} rows of {table} were copied and {there} are there: nothing is kept of the copy");
    }

    private static async Task<long> CountAsync(Statements database, string table) =>
        (await database.QueryAsync($"SELECT COUNT(*) FROM {table}", row => row.GetInt64(0))).Single();
}
