using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage;

/// <summary>
/// The SQLite file, in WAL mode, at the newest schema. Connections are pooled: each operation takes its own. Writes that a caller relies on are
/// flushed to the disk before the answer (<see cref="Transact"/>); other writes survive the end of the process, but not a power cut seconds later.
/// See docs/decisions/0010.
/// </summary>
internal sealed class Database
{
    private readonly string _connectionString;

    public Database(string directory)
    {
        var path = Path.Combine(directory, "hub.db");
        try
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            // SQLite gives the files beside it the mode of this one.
            PrivateFile.Ensure(path);
            PrivateFile.TightenIfThere(path + "-wal");
            PrivateFile.TightenIfThere(path + "-shm");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"HUB_DATA is \"{directory}\", where no database can be kept ({e.Message}): name a directory that the hub may write to", e);
        }

        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 10 }.ToString();
        using var connection = Open(flushed: true);
        Migrations.Apply(connection, directory);
        Vault = Vault.Load(directory, Query("SELECT value FROM settings WHERE name = 'vault_check'", row => row.GetString(0)).SingleOrDefault());
    }

    /// <summary>Encrypts and decrypts secret values.</summary>
    public Vault Vault { get; }

    /// <summary>Runs one statement, without flushing it to the disk.</summary>
    /// <returns>Number of changed rows.</returns>
    public int Execute(string sql, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open(flushed: false);
        return new Statements(connection, null).Execute(sql, parameters);
    }

    /// <summary>Runs a query and maps each row.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open(flushed: false);
        return new Statements(connection, null).Query(sql, read, parameters);
    }

    /// <summary>
    /// Runs statements in one exclusive transaction, rolled back on an exception and flushed to the disk when this returns.
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
