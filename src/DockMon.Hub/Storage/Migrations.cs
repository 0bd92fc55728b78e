using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage;

/// <summary>Migrates the schema to the newest version, stored in <c>user_version</c>. Steps are only ever appended.</summary>
internal static class Migrations
{
    private static readonly Action<Statements, string>[] Steps =
    [
        (database, _) => database.Execute(
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
            """),
        (database, _) => database.Execute("CREATE TABLE health_checks (host_id TEXT PRIMARY KEY, sync TEXT NOT NULL) STRICT"),
        Seal,

        // The hash of the registration token a host was added with, until its agent has come back with its permanent one.
        (database, _) => database.Execute("ALTER TABLE hosts ADD COLUMN registered_with TEXT"),
    ];

    /// <summary>Applies the missing steps, each in its own transaction.</summary>
    /// <exception cref="IOException">The database was written by a newer hub.</exception>
    public static void Apply(SqliteConnection connection, string directory)
    {
        var plain = new Statements(connection, null);
        plain.Execute("PRAGMA journal_mode = WAL");
        var first = Version(plain);
        while (Step(connection, directory))
        {
            // Continue with the next step.
        }

        if (first > 0 && first < Steps.Length)
        {
            // Removed data still is in free pages and in the log.
            plain.Execute("VACUUM");
            plain.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }

    /// <returns>Whether a step was applied.</returns>
    private static bool Step(SqliteConnection connection, string directory)
    {
        // A second hub that starts now waits here and finds the step applied.
        using var transaction = connection.BeginTransaction(deferred: false);
        var database = new Statements(connection, transaction);
        var version = Version(database);
        if (version > Steps.Length)
        {
            throw new IOException($"the database was written by a newer hub (schema {version}, this hub knows {Steps.Length}): start the newer hub");
        }

        if (version == Steps.Length)
        {
            return false;
        }

        Steps[version](database, directory);
        database.Execute($"PRAGMA user_version = {version + 1}");
        transaction.Commit();
        return true;
    }

    private static int Version(Statements database) => database.Query("PRAGMA user_version", row => row.GetInt32(0)).Single();

    /// <summary>Encrypts plain values. Container lists are only a cache and are dropped.</summary>
    private static void Seal(Statements database, string directory)
    {
        var vault = Vault.Create(directory);
        database.Execute("INSERT INTO settings (name, value) VALUES ('vault_check', $check)", ("$check", vault.Check()));
        database.Execute("UPDATE hosts SET containers = NULL, containers_at = NULL");
        foreach (var (host, sync) in database.Query("SELECT host_id, sync FROM health_checks", row => (row.GetString(0), row.GetString(1))))
        {
            var box = vault.Seal(sync, SqliteHealthChecks.Place(host));
            database.Execute("UPDATE health_checks SET sync = $sync WHERE host_id = $host", ("$host", host), ("$sync", box));
        }
    }
}
