using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage;

/// <summary>
/// The SQLite file, in WAL mode, at the newest schema. Connections are cheap and pooled: each operation takes its own. What somebody relies on from
/// the answer on is flushed to the disk before it (<see cref="Transact"/>); the rest outlives the hub's end, but not a power cut of the next seconds.
/// See docs/decisions/0010.
/// </summary>
internal sealed class Database
{
    private readonly string _connectionString;

    public Database(string directory)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = Path.Combine(directory, "hub.db");

        // SQLite gives the files beside it the mode of this one.
        PrivateFile.Ensure(path);
        PrivateFile.TightenIfThere(path + "-wal");
        PrivateFile.TightenIfThere(path + "-shm");
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 10 }.ToString();
        using var connection = Open(flushed: true);
        Migrations.Apply(connection, directory);
        Vault = Vault.Load(directory, Query("SELECT value FROM settings WHERE name = 'vault_check'", row => row.GetString(0)).SingleOrDefault());
    }

    /// <summary>Seals and opens what must not lie readable in the file.</summary>
    public Vault Vault { get; }

    /// <summary>Runs one statement, which a power cut of the next seconds may undo.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Execute(string sql, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open(flushed: false);
        return new Statements(connection, null).Execute(sql, parameters);
    }

    /// <summary>Runs a query and reads each of its rows.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open(flushed: false);
        return new Statements(connection, null).Query(sql, read, parameters);
    }

    /// <summary>
    /// Runs what belongs together: all of it or, after an exception, nothing. Nobody else writes meanwhile, and it is on the disk when this returns.
    /// </summary>
    public T Transact<T>(Func<Statements, T> work)
    {
        using var connection = Open(flushed: true);
        using var transaction = connection.BeginTransaction(deferred: false);
        var result = work(new Statements(connection, transaction));
        transaction.Commit();
        return result;
    }

    private SqliteConnection Open(bool flushed)
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();

        // A setting of the connection and not of the file, and a pooled connection may have had another use before.
        new Statements(connection, null).Execute(flushed ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        return connection;
    }
}
