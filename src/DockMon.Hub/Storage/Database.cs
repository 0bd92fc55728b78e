using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage;

/// <summary>The SQLite file, in WAL mode, at the newest schema. Connections are cheap and pooled: each operation takes its own.</summary>
internal sealed class Database
{
    /// <summary>Each entry takes the schema one version further. Entries are only ever added.</summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
        CREATE TABLE registration_tokens (
            id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, max_uses INTEGER NOT NULL, uses INTEGER NOT NULL,
            created_at TEXT NOT NULL, expires_at TEXT NOT NULL) STRICT;
        CREATE TABLE hosts (
            id TEXT PRIMARY KEY, agent_id TEXT NOT NULL UNIQUE, token_hash TEXT NOT NULL UNIQUE, engine_id TEXT NOT NULL,
            hostname TEXT NOT NULL, registration TEXT NOT NULL, registered_at TEXT NOT NULL, last_seen TEXT NOT NULL,
            containers TEXT, containers_at TEXT) STRICT;
        CREATE INDEX hosts_engine ON hosts (engine_id);
        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, host_id TEXT NOT NULL, container_id TEXT NOT NULL, action TEXT NOT NULL,
            timestamp TEXT NOT NULL, payload TEXT NOT NULL, UNIQUE (host_id, container_id, action, timestamp)) STRICT;
        """,
        "CREATE TABLE health_checks (host_id TEXT PRIMARY KEY, sync TEXT NOT NULL) STRICT;",
    ];

    private readonly string _connectionString;

    public Database(string directory)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = Path.Combine(directory, "hub.db"), DefaultTimeout = 10 }.ToString();
        Migrate();
    }

    /// <summary>Runs one statement.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Execute(string sql, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open();
        using var command = Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>Runs a query and reads each of its rows.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open();
        using var command = Command(connection, sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every statement is a constant of this program; values are parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }

    private void Migrate()
    {
        using var connection = Open();
        using (var wal = Command(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;", []))
        {
            wal.ExecuteNonQuery();
        }

        using var query = Command(connection, "PRAGMA user_version", []);
        var version = Convert.ToInt32(query.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        if (version > Migrations.Length)
        {
            throw new IOException($"the database is of a newer hub (schema {version}, this hub knows {Migrations.Length}): start the newer hub");
        }

        for (; version < Migrations.Length; version++)
        {
            using var transaction = connection.BeginTransaction();
            using var migration = Command(connection, Migrations[version] + $"PRAGMA user_version = {version + 1};", []);
            migration.Transaction = transaction;
            migration.ExecuteNonQuery();
            transaction.Commit();
        }
    }
}
