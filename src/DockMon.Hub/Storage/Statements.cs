using System.Data.Common;

namespace DockMon.Hub.Storage;

/// <summary>Runs statements on one connection, in its transaction if there is one.</summary>
internal sealed class Statements(DbConnection connection, DbTransaction? transaction, CancellationToken ct)
{
    /// <returns>Number of changed rows.</returns>
    public async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Runs a query and maps each row.</summary>
    public async Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Runs a query and hands over each row while it reads.</summary>
    public async Task ReadAsync(string sql, Func<DbDataReader, Task> take)
    {
        await using var command = Command(sql, []);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            await take(reader);
        }
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // Every statement is a constant of this program; values are parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        // PostgreSQL has no text with a zero in it.
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value is string text ? text.Replace('\0', '\uFFFD') : value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
