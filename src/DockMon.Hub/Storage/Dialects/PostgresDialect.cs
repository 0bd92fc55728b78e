using System.Data;
using System.Data.Common;
using System.Text.RegularExpressions;
using DockMon.Hub.Storage.Tables;
using Npgsql;

namespace DockMon.Hub.Storage.Dialects;

/// <summary>
/// A PostgreSQL database, which several hubs may share. Every commit is flushed before it returns. The version of the schema is in a table.
/// </summary>
internal sealed partial class PostgresDialect : Dialect
{
    /// <summary>First key of the advisory lock that every exclusive transaction takes: "Dock" in ASCII. The second one is of the schema.</summary>
    private const int ExclusiveLock = 0x446F636B;

    /// <summary>Code of the server that it has ended a connection for it did nothing within a transaction.</summary>
    private const string IdleInTransaction = "25P03";

    private readonly NpgsqlDataSource _source;

    public PostgresDialect(PostgresAddress address)
    {
        Name = address.Name;
        var builder = new NpgsqlSlimDataSourceBuilder(address.ConnectionString);
        builder.EnableTransportSecurity();
        builder.EnableArrays();
        builder.UsePhysicalConnectionInitializer(_ => throw new NotSupportedException("Connections are opened asynchronously."), PrepareConnectionAsync);
        _source = builder.Build();
    }

    public override string Name { get; }

    // Readers always find a connection.
    public override int Writers => PostgresAddress.PoolSize / 2;

    public override async Task<DbConnection> ConnectAsync(bool flushed, CancellationToken ct) => await _source.OpenConnectionAsync(ct);

    // The lock ends with the transaction, also behind a proxy that pools connections. A hub that hangs or is cut off would keep all hubs from writing.
    public override async Task<DbTransaction> BeginExclusiveAsync(DbConnection connection, CancellationToken ct)
    {
        var transaction = await connection.BeginTransactionAsync(ct);
        await new Statements(connection, transaction, ct).ExecuteAsync(
            "SELECT set_config('idle_in_transaction_session_timeout', '10s', true), pg_advisory_xact_lock(@key, hashtext(current_schema()))",
            ("@key", ExclusiveLock));
        return transaction;
    }

    public override async Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken ct) =>
        await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);

    public override async Task<IReadOnlyList<string>> TablesAsync(Statements database) =>
        await database.QueryAsync(
            """
            SELECT table_name::text FROM information_schema.tables
            WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> 'schema_version' ORDER BY 1
            """,
            row => row.GetString(0));

    public override async Task RowsCopiedAsync(Statements database, IReadOnlyList<string> tables)
    {
        foreach (var (table, column) in await database.QueryAsync(
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'",
            row => (row.GetString(0), row.GetString(1))))
        {
            await database.ExecuteAsync(
                $"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT COALESCE(MAX({column}), 0) + 1 FROM {table}), false)");
        }
    }

    public override Task PrepareAsync(Statements database) => Task.CompletedTask;

    public override async Task<int> VersionAsync(Statements database)
    {
        if ((await database.QueryAsync("SELECT to_regclass('schema_version') IS NULL", row => row.GetBoolean(0))).Single())
        {
            await database.ExecuteAsync("CREATE TABLE schema_version (version BIGINT NOT NULL)");
            await database.ExecuteAsync("INSERT INTO schema_version (version) VALUES (0)");
        }

        return (await database.QueryAsync("SELECT version FROM schema_version", row => (int)row.GetInt64(0))).Single();
    }

    public override Task SetVersionAsync(Statements database, int version) =>
        database.ExecuteAsync("UPDATE schema_version SET version = @version", ("@version", version));

    // The server cleans up by itself, and who reads its files reads all of it.
    public override Task CleanAsync(Statements database) => Task.CompletedTask;

    // No exclusive transaction: what is in masses waits for nobody.
    public override async Task<bool[]> AddEventsAsync(DbConnection connection, IReadOnlyList<EventRow> rows, DateTimeOffset now, CancellationToken ct)
    {
        var keys = await new Statements(connection, null, ct).QueryAsync(
            """
            INSERT INTO events (host_id, received_at, key, payload)
            SELECT hosts.id, @now, r.key, r.payload
            FROM unnest(@hosts, @keys, @payloads) WITH ORDINALITY AS r (host_id, key, payload, place) JOIN hosts ON hosts.id = r.host_id
            ORDER BY r.place
            ON CONFLICT DO NOTHING RETURNING host_id, key
            """,
            row => (row.GetString(0), row.GetString(1)),
            ("@now", now.ToUnixTimeMilliseconds()),
            ("@hosts", rows.Select(row => row.HostId).ToArray()),
            ("@keys", rows.Select(row => row.Key).ToArray()),
            ("@payloads", rows.Select(row => row.Payload).ToArray()));

        // Of two that are the same, the first was added.
        var added = keys.ToHashSet();
        return [.. rows.Select(row => added.Remove((row.HostId, row.Key)))];
    }

    // Text in the order of its bytes, as SQLite has it: an index does not depend on the languages of the server.
    public override string Schema(string sql) => SqliteWords().Replace(sql, word => word.Value switch
    {
        "INTEGER PRIMARY KEY AUTOINCREMENT" => "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        "INTEGER" => "BIGINT",
        "TEXT" => "TEXT COLLATE \"C\"",
        "BLOB" => "BYTEA",
        "REAL" => "DOUBLE PRECISION",
        _ => "",
    });

    // The server ends the transaction of a hub that stood still or was cut off, and the hub learns of it when it goes on.
    public override bool IsAway(DbException e) =>
        base.IsAway(e)
            || e is PostgresException
            {
                SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.QueryCanceled
                    or IdleInTransaction
            }
            || e is NpgsqlException { InnerException: ObjectDisposedException or OperationCanceledException };

    public override IOException? Explain(DbException e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            new IOException($"HUB_DATABASE: {Name} does not let the hub in ({e.Message}): check the user and the password", e),
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } =>
            new IOException($"HUB_DATABASE: {Name} cannot be opened ({e.Message}): create it, with the hub's user as its owner", e),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } =>
            new IOException($"HUB_DATABASE: the hub may not create its tables in {Name} ({e.Message}): make the hub's user the owner of the database", e),
        NpgsqlException => new IOException(
            $"HUB_DATABASE: {Name} cannot be used ({e.InnerException?.Message ?? e.Message}): check the address, and that PostgreSQL runs there", e),
        _ => null,
    };

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    private static async Task PrepareConnectionAsync(NpgsqlConnection connection)
    {
        // What a caller relies on is flushed, unless the server is set to do even more; and a hub that hangs does not hold what it has locked for ever.
        await using var command = new NpgsqlCommand(
            """
            SELECT set_config(
                'synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
                set_config('idle_in_transaction_session_timeout', '30s', false)
            """,
            connection);
        await command.ExecuteNonQueryAsync();
    }

    [GeneratedRegex(@"\b(INTEGER PRIMARY KEY AUTOINCREMENT|INTEGER|TEXT|BLOB|REAL)\b|(?<=\)) STRICT\b")]
    private static partial Regex SqliteWords();
}
