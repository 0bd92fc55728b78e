using System.Data;
using System.Data.Common;
using DockMon.Hub.Storage.Tables;
using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage.Dialects;

/// <summary>A file in the hub's directory, in WAL mode. The version of the schema is <c>user_version</c>.</summary>
internal sealed class SqliteDialect(string directory) : Dialect
{
    public const string FileName = "hub.db";

    // Busy, locked, read-only, I/O error, full, cannot open: none of them is the fault of a statement.
    private static readonly int[] Temporary = [5, 6, 8, 10, 13, 14];

    private readonly DbDataSource _source = SqliteFactory.Instance.CreateDataSource(
        new SqliteConnectionStringBuilder { DataSource = Path.Combine(directory, FileName), DefaultTimeout = 10 }.ToString());

    public override string Name => Path.Combine(directory, FileName);

    // SQLite has one. A second would poll and hold a thread meanwhile.
    public override int Writers => 1;

    // SQLite gives the files beside it the mode of this one.
    public override void EnsureFiles()
    {
        PrivateFile.Ensure(Name);
        PrivateFile.TightenIfThere(Name + "-wal");
        PrivateFile.TightenIfThere(Name + "-shm");
    }

    public override async Task<DbConnection> ConnectAsync(bool flushed, CancellationToken ct)
    {
        var connection = await _source.OpenConnectionAsync(ct);

        // A setting of the connection and not of the file, and a pooled connection may have had another use before.
        await new Statements(connection, null, ct).ExecuteAsync(flushed ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        return connection;
    }

    // Takes the place of the writer at once, waiting for it if another program has it.
    public override async Task<DbTransaction> BeginExclusiveAsync(DbConnection connection, CancellationToken ct) => await connection.BeginTransactionAsync(ct);

    public override async Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken ct) =>
        await Task.FromResult(((SqliteConnection)connection).BeginTransaction(IsolationLevel.Serializable, deferred: true));

    public override async Task<IReadOnlyList<string>> TablesAsync(Statements database) =>
        await database.QueryAsync("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name", row => row.GetString(0));

    // SQLite sees to that itself.
    public override Task RowsCopiedAsync(Statements database, IReadOnlyList<string> tables) => Task.CompletedTask;

    public override Task PrepareAsync(Statements database) => database.ExecuteAsync("PRAGMA journal_mode = WAL");

    public override async Task<int> VersionAsync(Statements database) => (await database.QueryAsync("PRAGMA user_version", row => row.GetInt32(0))).Single();

    public override Task SetVersionAsync(Statements database, int version) => database.ExecuteAsync($"PRAGMA user_version = {version}");

    public override async Task CleanAsync(Statements database)
    {
        // Removed data still is in free pages and in the log.
        await database.ExecuteAsync("VACUUM");
        await database.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public override async Task<bool[]> AddEventsAsync(DbConnection connection, IReadOnlyList<EventRow> rows, DateTimeOffset now, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText =
            """
            INSERT INTO events (host_id, received_at, key, payload) SELECT id, @now, @key, @payload FROM hosts WHERE id = @host ON CONFLICT DO NOTHING
            """;
        DbParameter Add(string name, object? value = null)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
            return parameter;
        }

        Add("@now", now.ToUnixTimeMilliseconds());
        var (host, key, payload) = (Add("@host"), Add("@key"), Add("@payload"));
        var added = new bool[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            (host.Value, key.Value, payload.Value) = (rows[i].HostId, rows[i].Key, rows[i].Payload);
            added[i] = await command.ExecuteNonQueryAsync(ct) > 0;
        }

        await transaction.CommitAsync(ct);
        return added;
    }

    public override string Schema(string sql) => sql;

    public override bool IsAway(DbException e) => base.IsAway(e) || (e is SqliteException sqlite && Temporary.Contains(sqlite.SqliteErrorCode));

    public override ValueTask DisposeAsync() => _source.DisposeAsync();
}
