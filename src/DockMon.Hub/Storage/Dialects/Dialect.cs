using System.Data.Common;
using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub.Storage.Dialects;

/// <summary>
/// What differs between SQLite and PostgreSQL. All other SQL has one text for both: <c>@name</c> parameters, <c>ON CONFLICT</c>, <c>RETURNING</c>,
/// times as text or as a number.
/// </summary>
internal abstract class Dialect : IAsyncDisposable
{
    /// <summary>Place of the database for messages, without a password.</summary>
    public abstract string Name { get; }

    /// <summary>Maximum number of writing operations at a time.</summary>
    public abstract int Writers { get; }

    /// <summary>The dialect of the configured database. Does not connect yet.</summary>
    /// <exception cref="ArgumentException">The address is invalid; the message does not contain it, because of the password.</exception>
    public static Dialect Of(HubOptions options) =>
        options.Database is { } url ? new PostgresDialect(PostgresAddress.Parse(url)) : new SqliteDialect(options.DataPath);

    /// <summary>Creates the files of the database, in a directory that exists, for the hub alone.</summary>
    public virtual void EnsureFiles()
    {
    }

    /// <summary>Opens a connection of the pool.</summary>
    /// <param name="flushed">Whether a commit is to be on the disk when it returns.</param>
    /// <param name="ct">Cancels the attempt.</param>
    public abstract Task<DbConnection> ConnectAsync(bool flushed, CancellationToken ct);

    /// <summary>Begins a transaction that waits for the end of any other of this kind, of every hub.</summary>
    public abstract Task<DbTransaction> BeginExclusiveAsync(DbConnection connection, CancellationToken ct);

    /// <summary>Begins a transaction that reads the database as it is now, and keeps nobody from writing.</summary>
    public abstract Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken ct);

    /// <summary>Names of all tables of the hub.</summary>
    public abstract Task<IReadOnlyList<string>> TablesAsync(Statements database);

    /// <summary>Has ids go on after those that were copied into tables.</summary>
    public abstract Task RowsCopiedAsync(Statements database, IReadOnlyList<string> tables);

    /// <summary>Prepares a database that may be new, before <see cref="Migrations"/>.</summary>
    public abstract Task PrepareAsync(Statements database);

    /// <summary>Version of the schema: the number of applied migrations.</summary>
    public abstract Task<int> VersionAsync(Statements database);

    public abstract Task SetVersionAsync(Statements database, int version);

    /// <summary>Erases what migrations removed.</summary>
    public abstract Task CleanAsync(Statements database);

    /// <summary>Adds events of existing hosts, unless they are there already, in one transaction.</summary>
    /// <returns>For each event, whether it was added.</returns>
    public abstract Task<bool[]> AddEventsAsync(DbConnection connection, IReadOnlyList<EventRow> rows, DateTimeOffset now, CancellationToken ct);

    /// <summary>Translates a statement that changes the schema, written for SQLite.</summary>
    public abstract string Schema(string sql);

    /// <summary>Whether an error is temporary: the database cannot be reached, is starting or stopping, or is busy.</summary>
    public virtual bool IsAway(DbException e) => e.IsTransient;

    /// <summary>An error of the first connection as one that says what to do; null for one that says it itself.</summary>
    public virtual IOException? Explain(DbException e) => null;

    public abstract ValueTask DisposeAsync();
}
