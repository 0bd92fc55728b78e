using DockMon.Hub.Storage;

namespace DockMon.Hub.Tests.Storage;

/// <summary>
/// The database of a hub, without the hub: SQLite, or with <c>DOCKMON_TEST_DATABASE=postgres</c> a database of <see cref="TestServer"/>.
/// </summary>
internal static class TestDatabase
{
    /// <summary>A hub's options with a database that belongs to this folder.</summary>
    public static async Task<HubOptions> OptionsAsync(string folder) =>
        new() { DataPath = folder, Database = TestServer.IsUsed ? await TestServer.Current.DatabaseOfAsync(folder) : null };

    /// <summary>Has a change of a table fail, as on a full disk, until <see cref="MendAsync"/>.</summary>
    /// <param name="database">The database.</param>
    /// <param name="change">For example <c>UPDATE OF last_seen</c>.</param>
    /// <param name="table">The table.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <param name="when">Which of the rows.</param>
    public static async Task BreakAsync(Database database, string change, string table, CancellationToken ct, string when = "1 = 1")
    {
        if (TestServer.IsUsed)
        {
            await database.ExecuteAsync(
                $"""
                CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
                CREATE TRIGGER broken BEFORE {change} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION broken();
                """,
                ct);
        }
        else
        {
            await database.ExecuteAsync($"CREATE TRIGGER broken BEFORE {change} ON {table} WHEN {when} BEGIN SELECT RAISE(FAIL, 'disk full'); END", ct);
        }
    }

    public static Task MendAsync(Database database, CancellationToken ct) =>
        database.ExecuteAsync(TestServer.IsUsed ? "DROP FUNCTION broken CASCADE" : "DROP TRIGGER broken", ct);

    /// <summary>Sets the version of the schema as another hub would have.</summary>
    public static Task SetVersionAsync(Database database, int version, CancellationToken ct) =>
        database.ExecuteAsync(TestServer.IsUsed ? $"UPDATE schema_version SET version = {version}" : $"PRAGMA user_version = {version}", ct);

    public static async Task<Database> OpenAsync(string folder, CancellationToken ct) => await OpenAsync(await OptionsAsync(folder), ct);

    public static async Task<Database> OpenAsync(HubOptions options, CancellationToken ct)
    {
        var database = new Database(options);
        await database.OpenAsync(ct);
        return database;
    }
}
