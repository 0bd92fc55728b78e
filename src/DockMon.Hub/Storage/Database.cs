using System.Data.Common;
using DockMon.Hub.Storage.Dialects;
using DockMon.Hub.Storage.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Hub.Storage;

/// <summary>
/// The database: a SQLite file, or PostgreSQL, at the newest schema. Connections are pooled: each operation takes its own. Writes that a caller
/// relies on are flushed to the disk before the answer (<see cref="TransactAsync"/>); other writes to SQLite survive the end of the process, but not
/// a power cut seconds later. See docs/decisions/0010.
/// </summary>
internal sealed partial class Database : IAsyncDisposable
{
    /// <summary>Timeout of an operation that waits for the writers before it.</summary>
    private static readonly TimeSpan WriterWait = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan AttemptInterval = TimeSpan.FromSeconds(1);

    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dialect _dialect;
    private readonly SemaphoreSlim _writers;

    // One that works and one that is ready to: more would only wait for these at the server, where those of a hub that was cut off are in everybody's way.
    private readonly SemaphoreSlim _exclusive = new(2);
    private Vault? _vault;

    public Database(HubOptions options, TimeProvider? time = null, ILogger<Database>? logger = null)
    {
        _directory = options.DataPath;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<Database>.Instance;
        _dialect = Dialect.Of(options);
        _writers = new SemaphoreSlim(_dialect.Writers);
    }

    /// <summary>Place of the database for messages, without a password.</summary>
    public string Name => _dialect.Name;

    /// <summary>What is different with this database.</summary>
    public Dialect Dialect => _dialect;

    /// <summary>Encrypts and decrypts secret values.</summary>
    public Vault Vault => _vault ?? throw new InvalidOperationException("The database is not open yet.");

    /// <summary>Migrates the schema and checks the key; before anything else.</summary>
    /// <param name="ct">Cancels the wait.</param>
    /// <param name="patience">How long a database that cannot be reached is waited for.</param>
    /// <exception cref="IOException">The database cannot be used; the message says what to do.</exception>
    public async Task OpenAsync(CancellationToken ct, TimeSpan patience = default)
    {
        EnsureDirectory();
        try
        {
            await using var connection = await FirstConnectionAsync(patience, ct);
            await Migrations.ApplyAsync(_dialect, connection, _directory, ct);
            var check = await new Statements(connection, null, ct).QueryAsync(
                "SELECT value FROM settings WHERE name = 'vault_check'", row => row.GetString(0));
            _vault = Vault.Load(_directory, check.SingleOrDefault());
        }
        catch (DbException e) when (_dialect.Explain(e) is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>Whether an error of the database is temporary: it cannot be reached now, or is busy.</summary>
    public bool IsAway(DbException e) => _dialect.IsAway(e);

    /// <summary>Runs one statement, without flushing it to the disk.</summary>
    /// <returns>Number of changed rows.</returns>
    public Task<int> ExecuteAsync(string sql, CancellationToken ct, params (string Name, object? Value)[] parameters) =>
        WriteAsync(
            async () =>
            {
                await using var connection = await _dialect.ConnectAsync(flushed: false, ct);
                return await new Statements(connection, null, ct).ExecuteAsync(sql, parameters);
            },
            ct);

    /// <summary>Runs a query and maps each row.</summary>
    public Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] parameters) =>
        TwiceAsync(async () =>
        {
            await using var connection = await _dialect.ConnectAsync(flushed: false, ct);
            return await new Statements(connection, null, ct).QueryAsync(sql, read, parameters);
        });

    /// <summary>
    /// Runs statements in one exclusive transaction, rolled back on an exception and flushed to the disk when this returns. Of several hubs, too, one
    /// at a time is in here. The work uses only the statements it is given: another write to this database would wait for the transaction to end.
    /// </summary>
    public Task<T> TransactAsync<T>(Func<Statements, Task<T>> work, CancellationToken ct) =>
        InTurnAsync(_exclusive, () => WriteAsync(
            async () =>
            {
                var (connection, transaction) = await TwiceAsync(() => BeginAsync(ct));
                await using var closed = connection;
                await using var ended = transaction;
                var result = await work(new Statements(connection, transaction, ct));
                await transaction.CommitAsync(ct);
                return result;
            },
            ct), ct);

    /// <summary>Runs queries that all see the database as it is now.</summary>
    public async Task<T> SnapshotAsync<T>(Func<Statements, Task<T>> work, CancellationToken ct)
    {
        await using var connection = await _dialect.ConnectAsync(flushed: false, ct);
        await using var transaction = await _dialect.BeginSnapshotAsync(connection, ct);
        return await work(new Statements(connection, transaction, ct));
    }

    /// <summary>Adds events of existing hosts, unless they are there already, in one transaction that is not flushed to the disk.</summary>
    /// <returns>For each event, whether it was added.</returns>
    public Task<bool[]> AddEventsAsync(IReadOnlyList<EventRow> rows, DateTimeOffset now, CancellationToken ct) =>
        WriteAsync(
            async () =>
            {
                await using var connection = await _dialect.ConnectAsync(flushed: false, ct);
                return await _dialect.AddEventsAsync(connection, rows, now, ct);
            },
            ct);

    public ValueTask DisposeAsync() => _dialect.DisposeAsync();

    /// <summary>
    /// Tries once more what changes nothing. After a restart of the database, the connections of the pool are found broken at their next use, and all
    /// of them are closed then.
    /// </summary>
    private async Task<T> TwiceAsync<T>(Func<Task<T>> attempt)
    {
        try
        {
            return await attempt();
        }
        catch (DbException e) when (_dialect.IsAway(e))
        {
            return await attempt();
        }
    }

    private async Task<(DbConnection Connection, DbTransaction Transaction)> BeginAsync(CancellationToken ct)
    {
        var connection = await _dialect.ConnectAsync(flushed: true, ct);
        try
        {
            return (connection, await _dialect.BeginExclusiveAsync(connection, ct));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private Task<T> WriteAsync<T>(Func<Task<T>> write, CancellationToken ct) => InTurnAsync(_writers, write, ct);

    private async Task<T> InTurnAsync<T>(SemaphoreSlim turns, Func<Task<T>> write, CancellationToken ct)
    {
        if (!await turns.WaitAsync(WriterWait, ct))
        {
            throw new DatabaseBusyException(
                $"the database {_dialect.Name} is busy: {WriterWait.TotalSeconds:0} s were not enough for the writes before this one");
        }

        try
        {
            return await write();
        }
        finally
        {
            turns.Release();
        }
    }

    private void EnsureDirectory()
    {
        try
        {
            Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _dialect.EnsureFiles();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"HUB_DATA is \"{_directory}\", where the hub cannot keep its files ({e.Message}): name a directory that the hub may write to", e);
        }
    }

    private async Task<DbConnection> FirstConnectionAsync(TimeSpan patience, CancellationToken ct)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return await _dialect.ConnectAsync(flushed: true, ct);
            }
            catch (DbException e) when (_dialect.IsAway(e) && _time.GetElapsedTime(start) < patience)
            {
                var left = patience - _time.GetElapsedTime(start);
                Log.Waiting(_logger, _dialect.Name, e.InnerException?.Message ?? e.Message, (int)Math.Ceiling(left.TotalSeconds));
                await Task.Delay(AttemptInterval, _time, ct);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Warning, "Cannot reach the database {Name} ({Reason}): trying again for {Seconds} s")]
        public static partial void Waiting(ILogger logger, string name, string reason, int seconds);
    }
}

/// <summary>The database did not get to a write in time.</summary>
internal sealed class DatabaseBusyException(string message) : DbException(message)
{
    public override bool IsTransient => true;
}
