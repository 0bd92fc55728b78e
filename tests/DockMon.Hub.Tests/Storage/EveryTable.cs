using DockMon.Hub.Storage;
using DockMon.Hub.Storage.Dialects;

namespace DockMon.Hub.Tests.Storage;

/// <summary>All tables of a database, as the database itself names them: a test with it fails for a table that somebody adds and forgets elsewhere.</summary>
internal static class EveryTable
{
    /// <summary>The names of all tables, with their columns and the types of these.</summary>
    public static async Task<Dictionary<string, List<(string Name, Type Type)>>> ColumnsAsync(Database database, CancellationToken ct)
    {
        var tables = await database.QueryAsync(
            database.Dialect is PostgresDialect
                ? "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'schema_version' ORDER BY 1"
                : "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY 1",
            row => row.GetString(0),
            ct);
        var columns = new Dictionary<string, List<(string, Type)>>(StringComparer.Ordinal);
        await using var connection = await database.Dialect.ConnectAsync(flushed: false, ct);
        foreach (var table in tables)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM {table}";
            await using var reader = await command.ExecuteReaderAsync(ct);
            columns[table] = [.. Enumerable.Range(0, reader.FieldCount).Select(i => (reader.GetName(i), reader.GetFieldType(i)))];
        }

        return columns;
    }

    /// <summary>Adds a row to every table.</summary>
    /// <param name="database">The database.</param>
    /// <param name="hostId">What is in each column <c>host_id</c>.</param>
    /// <param name="ct">Cancels the work.</param>
    public static async Task FillAsync(Database database, string hostId, CancellationToken ct)
    {
        foreach (var (table, columns) in await ColumnsAsync(database, ct))
        {
            object Value(string column, Type type) =>
                column == "host_id" ? hostId : type == typeof(long) ? 7L : type == typeof(string) ? $"{table}-{column}-é" : new byte[] { 0, 1, 255 };
            await database.ExecuteAsync(
                $"INSERT INTO {table} ({string.Join(", ", columns.Select(column => column.Name))}) "
                    + $"VALUES ({string.Join(", ", columns.Select(column => "@" + column.Name))})",
                ct,
                [.. columns.Select(column => ("@" + column.Name, (object?)Value(column.Name, column.Type)))]);
        }
    }

    /// <summary>What is in each table: a line for each row.</summary>
    public static async Task<Dictionary<string, string>> RowsAsync(Database database, CancellationToken ct)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (table, columns) in await ColumnsAsync(database, ct))
        {
            var rows = await database.QueryAsync(
                $"SELECT {string.Join(", ", columns.Select(column => column.Name).Order(StringComparer.Ordinal))} FROM {table}",
                row => string.Join(
                    '|',
                    Enumerable.Range(0, row.FieldCount).Select(i => row.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : row.GetValue(i))),
                ct);
            all[table] = string.Join('\n', rows.Order(StringComparer.Ordinal));
        }

        return all;
    }
}
