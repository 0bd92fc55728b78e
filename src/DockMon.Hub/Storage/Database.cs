using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage;

/// <summary>
/// The SQLite file, in WAL mode, at the newest schema. Connections are pooled: each operation takes its own. Writes that a caller relies on are
/// flushed to the disk before the answer (<see cref="TransactAsync"/>); other writes survive the end of the process, but not a power cut seconds later.
/// See docs/decisions/0010.
/// </summary>
internal sealed class Database(HubOptions options) : IAsyncDisposable
{
    private readonly string _directory = options.DataPath;
    private readonly DbDataSource _source = SqliteFactory.Instance.CreateDataSource(
        new SqliteConnectionStringBuilder { DataSource = Path.Combine(options.DataPath, "hub.db"), DefaultTimeout = 10 }.ToString());

    // SQLite has one writer at a time. Waiting here takes no thread, and no more time than the writer before needs.
    private readonly SemaphoreSlim _writer = new(1);
    private Vault? _vault;

    /// <summary>Encrypts and decrypts secret values.</summary>
    public Vault Vault => _vault ?? throw new InvalidOperationException("The database is not open yet.");

    /// <summary>Migrates the schema and checks the key; before anything else.</summary>
    /// <exception cref="IOException">The database cannot be used; the message says what to do.</exception>
    public async Task OpenAsync(CancellationToken ct)
    {
        EnsureFiles();
        await using (var connection = await ConnectAsync(flushed: true, ct))
        {
            await Migrations.ApplyAsync(connection, _directory, ct);
        }

        var check = await QueryAsync("SELECT value FROM settings WHERE name = 'vault_check'", row => row.GetString(0), ct);
        _vault = Vault.Load(_directory, check.SingleOrDefault());
    }

    /// <summary>Runs one statement, without flushing it to the disk.</summary>
    /// <returns>Number of changed rows.</returns>
    public async Task<int> ExecuteAsync(string sql, CancellationToken ct, params (string Name, object? Value)[] parameters)
    {
        await _writer.WaitAsync(ct);
        try
        {
            await using var connection = await ConnectAsync(flushed: false, ct);
            return await new Statements(connection, null, ct).ExecuteAsync(sql, parameters);
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Runs a query and maps each row.</summary>
    public async Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] parameters)
    {
        await using var connection = await ConnectAsync(flushed: false, ct);
        return await new Statements(connection, null, ct).QueryAsync(sql, read, parameters);
    }

    /// <summary>
    /// Runs statements in one exclusive transaction, rolled back on an exception and flushed to the disk when this returns. The work uses only the
    /// statements it is given: another write to this database would wait for the transaction to end.
    /// </summary>
    public async Task<T> TransactAsync<T>(Func<Statements, Task<T>> work, CancellationToken ct)
    {
        await _writer.WaitAsync(ct);
        try
        {
            await using var connection = await ConnectAsync(flushed: true, ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var result = await work(new Statements(connection, transaction, ct));
            await transaction.CommitAsync(ct);
            return result;
        }
        finally
        {
            _writer.Release();
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private void EnsureFiles()
    {
        var path = Path.Combine(_directory, "hub.db");
        try
        {
            Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            // SQLite gives the files beside it the mode of this one.
            PrivateFile.Ensure(path);
            PrivateFile.TightenIfThere(path + "-wal");
            PrivateFile.TightenIfThere(path + "-shm");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"HUB_DATA is \"{_directory}\", where no database can be kept ({e.Message}): name a directory that the hub may write to", e);
        }
    }

    private async Task<DbConnection> ConnectAsync(bool flushed, CancellationToken ct)
    {
        var connection = await _source.OpenConnectionAsync(ct);

        // A setting of the connection and not of the file, and a pooled connection may have had another use before.
        await new Statements(connection, null, ct).ExecuteAsync(flushed ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        return connection;
    }
}
