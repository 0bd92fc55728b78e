using System.Data.Common;
using DockMon.Hub.Storage.Dialects;
using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub.Storage;

/// <summary>Migrates the schema to the newest version: one list for both databases. Steps are only ever appended.</summary>
internal static class Migrations
{
    private delegate Task Step(Statements database, Dialect dialect, string directory);

    private static readonly Step[] Steps =
    [
        Schema(
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
        Schema("CREATE TABLE health_checks (host_id TEXT PRIMARY KEY, sync TEXT NOT NULL) STRICT"),
        SealAsync,

        // The hash of the registration token a host was added with, until its agent has come back with its permanent one.
        Schema("ALTER TABLE hosts ADD COLUMN registered_with TEXT"),

        // Instead of each host's last list in one value.
        Schema(
            """
            CREATE TABLE containers (
                host_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, image TEXT NOT NULL, image_id TEXT NOT NULL, state TEXT NOT NULL,
                status TEXT NOT NULL, health TEXT NOT NULL, created INTEGER NOT NULL, started_at TEXT NOT NULL, ports TEXT NOT NULL, project TEXT NOT NULL,
                service TEXT NOT NULL, detail TEXT NOT NULL, search TEXT NOT NULL, PRIMARY KEY (host_id, id)) STRICT;
            CREATE INDEX containers_name ON containers (name, host_id, id);
            ALTER TABLE hosts DROP COLUMN containers;
            ALTER TABLE hosts DROP COLUMN containers_at;
            """),

        // Statistics: packed minutes of all containers of a host until their hour is over, and packed rollups of one series, tier and time.
        Schema(
            """
            CREATE TABLE stats_journal (id INTEGER PRIMARY KEY AUTOINCREMENT, host_id TEXT NOT NULL, hour INTEGER NOT NULL, block BLOB NOT NULL) STRICT;
            CREATE INDEX stats_journal_hour ON stats_journal (host_id, hour);
            CREATE TABLE stats_blocks (
                host_id TEXT NOT NULL, tier INTEGER NOT NULL, start INTEGER NOT NULL, series TEXT NOT NULL, block BLOB NOT NULL,
                PRIMARY KEY (host_id, tier, start, series)) STRICT;
            """),
        Schema(
            """
            CREATE TABLE users (
                id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, tags TEXT NOT NULL, password TEXT, totp TEXT,
                totp_step INTEGER NOT NULL, subject TEXT UNIQUE, created_at TEXT NOT NULL) STRICT;
            CREATE TABLE recovery_codes (user_id TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (user_id, hash)) STRICT;
            CREATE TABLE user_sessions (
                id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, address TEXT NOT NULL, client TEXT NOT NULL,
                created_at TEXT NOT NULL, seen_at TEXT NOT NULL) STRICT;
            CREATE INDEX user_sessions_user ON user_sessions (user_id);
            CREATE TABLE access_tokens (
                id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, tags TEXT NOT NULL,
                created_by TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, used_at TEXT) STRICT;
            CREATE TABLE host_tags (host_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (host_id, tag)) STRICT;
            CREATE TABLE audit (
                id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, began INTEGER, who TEXT NOT NULL, address TEXT NOT NULL,
                action TEXT NOT NULL, host_id TEXT, detail TEXT, outcome TEXT) STRICT;
            CREATE INDEX audit_at ON audit (at);
            CREATE INDEX audit_began ON audit (began);
            """),

        // Which hub of a fleet an agent is connected to.
        Schema(
            """
            CREATE TABLE agent_sessions (
                host_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, hub_id TEXT, session_id TEXT NOT NULL, since TEXT NOT NULL) STRICT
            """),
        KeepEventsByHostAsync,

        // Updates and deployments, and what stacks are deployed from.
        Schema(
            """
            CREATE TABLE operations (
                id TEXT PRIMARY KEY, host_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, stage TEXT NOT NULL,
                message TEXT NOT NULL, error TEXT NOT NULL, result TEXT NOT NULL, started_at TEXT NOT NULL, changed_at TEXT NOT NULL) STRICT;
            CREATE INDEX operations_subject ON operations (host_id, subject);
            CREATE INDEX operations_started ON operations (started_at);
            CREATE TABLE stacks (
                host_id TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, updated_at TEXT NOT NULL, PRIMARY KEY (host_id, name)) STRICT;
            """),
        Schema(
            """
            CREATE TABLE host_policies (host_id TEXT PRIMARY KEY, policy TEXT NOT NULL) STRICT;
            CREATE TABLE image_checks (
                host_id TEXT NOT NULL, image TEXT NOT NULL, result TEXT NOT NULL, checked_at TEXT NOT NULL, PRIMARY KEY (host_id, image)) STRICT;
            """),

        // How operations went, and what they were about, for who looks when the container is gone.
        Schema(
            """
            ALTER TABLE operations ADD COLUMN name TEXT NOT NULL DEFAULT '';
            ALTER TABLE operations ADD COLUMN image TEXT NOT NULL DEFAULT '';
            ALTER TABLE operations ADD COLUMN steps TEXT NOT NULL DEFAULT '[]';
            UPDATE operations SET name = subject;
            """),

        // Credentials for the registries that images are checked against; passwords are encrypted.
        Schema(
            """
            CREATE TABLE registries (
                name TEXT PRIMARY KEY, username TEXT NOT NULL, password TEXT NOT NULL, tags TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT
            """),
    ];

    /// <summary>Number of steps: the version of the newest schema.</summary>
    public static int Newest => Steps.Length;

    /// <summary>Applies the missing steps, each in its own transaction.</summary>
    /// <exception cref="IOException">The database was written by a newer hub.</exception>
    public static async Task ApplyAsync(Dialect dialect, DbConnection connection, string directory, CancellationToken ct)
    {
        var plain = new Statements(connection, null, ct);
        await dialect.PrepareAsync(plain);
        var first = -1;
        while (true)
        {
            // A second hub that starts now waits here and finds the step applied.
            await using var transaction = await dialect.BeginExclusiveAsync(connection, ct);
            var database = new Statements(connection, transaction, ct);
            var version = await dialect.VersionAsync(database);
            first = first < 0 ? version : first;
            if (version > Steps.Length)
            {
                throw new IOException($"the database was written by a newer hub (schema {version}, this hub knows {Steps.Length}): start the newer hub");
            }

            if (version == Steps.Length)
            {
                break;
            }

            await Steps[version](database, dialect, directory);
            await dialect.SetVersionAsync(database, version + 1);
            await transaction.CommitAsync(ct);
        }

        if (first > 0 && first < Steps.Length)
        {
            await dialect.CleanAsync(plain);
        }
    }

    /// <summary>
    /// A step of plain SQL. Of the types, only TEXT, INTEGER (of 64 bits: read with GetInt64), REAL, BLOB, and INTEGER PRIMARY KEY AUTOINCREMENT are
    /// known to both databases.
    /// </summary>
    private static Step Schema(string sql) => (database, dialect, _) => database.ExecuteAsync(dialect.Schema(sql));

    /// <summary>
    /// Gives events a time, and a key of a fixed length in place of three values as long as an agent likes: an index of PostgreSQL has a limit.
    /// </summary>
    private static async Task KeepEventsByHostAsync(Statements database, Dialect dialect, string directory)
    {
        await database.ExecuteAsync(dialect.Schema(
            """
            ALTER TABLE events RENAME TO old_events;
            CREATE TABLE events (
                id INTEGER PRIMARY KEY AUTOINCREMENT, host_id TEXT NOT NULL, received_at INTEGER NOT NULL, key TEXT NOT NULL, payload TEXT NOT NULL,
                UNIQUE (host_id, key)) STRICT;
            CREATE INDEX events_host ON events (host_id, id);
            """));
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var (id, key) in await database.QueryAsync(
            "SELECT id, container_id, action, timestamp FROM old_events ORDER BY id",
            row => (row.GetInt64(0), EventRow.KeyOf(row.GetString(1), row.GetString(2), row.GetString(3)))))
        {
            await database.ExecuteAsync(
                "INSERT INTO events (host_id, received_at, key, payload) SELECT host_id, @now, @key, payload FROM old_events WHERE id = @id",
                ("@now", now), ("@key", key), ("@id", id));
        }

        await database.ExecuteAsync("DROP TABLE old_events");
    }

    /// <summary>Encrypts plain values. Container lists are only a cache and are dropped.</summary>
    private static async Task SealAsync(Statements database, Dialect dialect, string directory)
    {
        var vault = Vault.Create(directory);
        await database.ExecuteAsync("INSERT INTO settings (name, value) VALUES ('vault_check', @check)", ("@check", vault.Check()));
        await database.ExecuteAsync("UPDATE hosts SET containers = NULL, containers_at = NULL");
        foreach (var (host, sync) in await database.QueryAsync("SELECT host_id, sync FROM health_checks", row => (row.GetString(0), row.GetString(1))))
        {
            var box = vault.Seal(sync, HealthChecks.Place(host));
            await database.ExecuteAsync("UPDATE health_checks SET sync = @sync WHERE host_id = @host", ("@host", host), ("@sync", box));
        }
    }
}
