using System.Data.Common;
using System.Text;
using System.Text.Json;
using DockMon.Hub.Inventory;
using DockMon.Hub.Storage;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Storage;

public sealed class StorageTests : IDisposable
{
    private const string Secret = "hunter2-secret";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ForAll = Private | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static readonly HealthCheckConfigsSync Checks = new()
    {
        Configs = [new HealthCheckConfig { ContainerId = "c1", AuthConfigJson = $$"""{"token":"{{Secret}}"}""" }],
    };

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [SqliteFact]
    public async Task Files_are_the_hubs_alone_also_in_a_directory_that_was_there_and_from_an_older_hub()
    {
        File.SetUnixFileMode(_folder.Path, ForAll);
        await RegisterAsync(await OpenAsync());
        // Open as long as the test: with its last connection the database loses its two other files, and another test may close all that are pooled.
        using var open = new SqliteConnection($"Data Source={Path.Combine(_folder.Path, "hub.db")};Pooling=False");
        open.Open();
        using var read = open.CreateCommand();
        read.CommandText = "SELECT count(*) FROM hosts";
        read.ExecuteScalar().ShouldBe(1L);
        string[] names = ["hub.db", "hub.db-shm", "hub.db-wal", Vault.KeyFile];
        Modes().ShouldBe(names.Select(name => (name, Private)));

        foreach (var name in names)
        {
            File.SetUnixFileMode(Path.Combine(_folder.Path, name), ForAll);
        }

        _ = await OpenAsync();
        Modes().ShouldBe(names.Select(name => (name, Private)));
    }

    [Fact]
    public async Task Secrets_of_health_checks_and_variables_of_containers_are_sealed_and_come_back()
    {
        var database = await OpenAsync();
        var host = (await RegisterAsync(database)).Host.Id;
        await new HealthChecks(database).ReplaceAsync(host, Checks, Token);
        var containers = JsonElement.Parse($$$"""[{"Id":"c1","Labels":{"note":"{{{Secret}}}"},"Env":{"PASSWORD":"{{{Secret}}}"}}]""");
        await new ContainerStore(database).SaveAsync(host, DockerList.Read(host, containers).Values, [], Token);
        FilesWithTheSecret().ShouldBeEmpty();

        var reopened = await OpenAsync();
        (await new HealthChecks(reopened).FindAsync(host, Token))!.Configs![0].AuthConfigJson!.ShouldContain(Secret);
        (await new ContainerStore(reopened).OfHostAsync(host, Token))["c1"].Detail.ShouldContain(Secret);
    }

    [SqliteFact]
    public async Task What_an_older_hub_kept_in_clear_is_sealed_and_leaves_no_trace()
    {
        await using (var older = new SqliteConnection($"Data Source={Path.Combine(_folder.Path, "hub.db")};Pooling=False"))
        {
            await older.OpenAsync(Token);
            var statements = new Statements(older, null, Token);
            await statements.ExecuteAsync(
                $$$"""
                PRAGMA journal_mode = WAL;
                CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
                CREATE TABLE registration_tokens (
                    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, max_uses INTEGER NOT NULL, uses INTEGER NOT NULL,
                    created_at TEXT NOT NULL, expires_at TEXT NOT NULL) STRICT;
                CREATE TABLE hosts (
                    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL UNIQUE, token_hash TEXT NOT NULL UNIQUE, engine_id TEXT NOT NULL,
                    hostname TEXT NOT NULL, registration TEXT NOT NULL, registered_at TEXT NOT NULL, last_seen TEXT NOT NULL,
                    containers TEXT, containers_at TEXT) STRICT;
                CREATE TABLE events (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, host_id TEXT NOT NULL, container_id TEXT NOT NULL, action TEXT NOT NULL,
                    timestamp TEXT NOT NULL, payload TEXT NOT NULL, UNIQUE (host_id, container_id, action, timestamp)) STRICT;
                CREATE TABLE health_checks (host_id TEXT PRIMARY KEY, sync TEXT NOT NULL) STRICT;
                INSERT INTO hosts VALUES ('h1', 'a1', 't1', 'e1', 'name', '{"hostname":"name"}', 'then', 'then', '[{"Env":{"P":"{{{Secret}}}"}}]', 'then');
                INSERT INTO events (host_id, container_id, action, timestamp, payload) VALUES ('h1', 'c1', 'die', 'then', '{"container_id":"c1"}');
                INSERT INTO health_checks VALUES ('gone', '{"configs":[{"container_id":"{{{Secret}}}"}]}');
                DELETE FROM health_checks;
                PRAGMA user_version = 2;
                """);
            var checks = JsonSerializer.Serialize(Checks, ProtocolJson.Default.HealthCheckConfigsSync);
            await statements.ExecuteAsync("INSERT INTO health_checks VALUES ('h1', @sync)", ("@sync", checks));
        }

        FilesWithTheSecret().ShouldNotBeEmpty();
        var database = await OpenAsync();
        FilesWithTheSecret().ShouldBeEmpty();
        (await new HealthChecks(database).FindAsync("h1", Token))!.Configs![0].AuthConfigJson!.ShouldContain(Secret);
        var hosts = new Hosts(database, _time);
        (await hosts.ListAsync(Token)).Single().Id.ShouldBe("h1");
        await using var writer = new EventWriter(database, _time, NullLogger<EventWriter>.Instance);
        var events = new Events(database, writer);
        (await events.ListAsync("h1", 10, Token)).Single().GetRawText().ShouldBe("""{"container_id":"c1"}""");
        (await events.AddAsync("h1", JsonElement.Parse("""{"container_id":"c1","action":"die","timestamp":"then"}"""), Token)).ShouldBeFalse();
        (await new ContainerStore(database).OfHostAsync("h1", Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_removed_host_leaves_nothing_behind_but_its_statistics_for_hours_and_the_audit()
    {
        var database = await OpenAsync();
        var host = (await RegisterAsync(database)).Host.Id;
        await EveryTable.FillAsync(database, host, Token);
        (await new Hosts(database, _time).DeleteAsync(host, Token)).ShouldBeTrue();
        var left = (await EveryTable.RowsAsync(database, Token))
            .Where(table => table.Value.Contains(host, StringComparison.Ordinal))
            .Select(table => table.Key);
        left.ShouldBe(["audit", "stats_blocks", "stats_journal"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_database_without_its_key_says_what_is_missing_and_makes_no_other()
    {
        var key = Path.Combine(_folder.Path, Vault.KeyFile);
        _ = await OpenAsync();
        var right = File.ReadAllText(key);

        File.WriteAllText(key, new string('0', right.Length - 1) + "\n");
        (await Should.ThrowAsync<IOException>(() => TestDatabase.OpenAsync(_folder.Path, Token))).Message.ShouldContain("is not the one");
        File.Delete(key);
        (await Should.ThrowAsync<IOException>(() => TestDatabase.OpenAsync(_folder.Path, Token))).Message.ShouldContain(key);
        File.Exists(key).ShouldBeFalse();
        File.WriteAllText(key, right);
        await Should.NotThrowAsync(() => OpenAsync());
    }

    [Fact]
    public async Task A_sealed_value_opens_in_its_place_only_and_is_never_the_same_twice()
    {
        var vault = Vault.Create(_folder.Path);
        var box = vault.Seal("text", "a");
        vault.Open(box, "a").ShouldBe("text");
        vault.Seal("text", "a").ShouldNotBe(box);
        Should.Throw<VaultException>(() => vault.Open(box, "b"));
        Should.Throw<VaultException>(() => vault.Open("AAAA", "a"));
        Should.Throw<VaultException>(() => vault.Open("not base 64", "a"));
    }

    [SqliteFact]
    public async Task What_is_relied_on_is_flushed_before_it_is_answered_on_every_connection()
    {
        var database = await OpenAsync();
        foreach (var (table, change) in new[]
        {
            ("registration_tokens", "INSERT"), ("registration_tokens", "UPDATE"), ("registration_tokens", "DELETE"),
            ("hosts", "INSERT"), ("hosts", "DELETE"), ("health_checks", "INSERT"),
        })
        {
            await database.ExecuteAsync(
                $"CREATE TRIGGER flushed_{table}_{change} BEFORE {change} ON {table} WHEN (SELECT synchronous FROM pragma_synchronous) <> 2 "
                + "BEGIN SELECT RAISE(ABORT, 'not flushed'); END",
                Token);
        }

        // The rule itself works: what is not flushed is found.
        const string Unflushed = "INSERT INTO registration_tokens VALUES ('i', 'h', 1, 0, 'c', 'e')";
        (await Should.ThrowAsync<SqliteException>(() => database.ExecuteAsync(Unflushed, Token))).Message.ShouldContain("not flushed");
        for (var i = 0; i < 3; i++)
        {
            var host = (await RegisterAsync(database, $"ENGINE:{i}")).Host.Id;
            (await database.QueryAsync("SELECT synchronous FROM pragma_synchronous", row => row.GetInt32(0), Token))
                .ShouldBe([1], "and the next user of a pooled connection is none the slower");
            await new HealthChecks(database).ReplaceAsync(host, Checks, Token);
            (await new Hosts(database, _time).DeleteAsync(host, Token)).ShouldBeTrue();
        }

        var tokens = new Tokens(database, _time);
        foreach (var token in await tokens.ListAsync(Token))
        {
            (await tokens.DeleteAsync(token.Id, Token)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Expired_tokens_are_remembered_for_a_day_and_then_gone()
    {
        var tokens = new Tokens(await OpenAsync(), _time);
        await tokens.CreateAsync(1, Token);
        _time.Advance(TimeSpan.FromHours(24));
        await tokens.CreateAsync(1, Token);
        (await tokens.ListAsync(Token)).Count.ShouldBe(2);
        _time.Advance(TimeSpan.FromHours(1));
        await tokens.CreateAsync(1, Token);
        (await tokens.ListAsync(Token)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Of_many_agents_of_one_engine_that_come_at_once_one_is_registered()
    {
        var database = await OpenAsync();
        var registrations = new Registrations(database, _time);
        var tokens = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            tokens.Add((await new Tokens(database, _time).CreateAsync(1, Token)).Token);
        }

        using var together = new Barrier(tokens.Count);
        var results = await Task.WhenAll(tokens.Select(token => Task.Factory.StartNew(
            async () =>
            {
                together.SignalAndWait();
                try
                {
                    await registrations.AddAsync(HubFixture.Request(token), Token);
                    return "added";
                }
                catch (RegistrationException e)
                {
                    return e.Message;
                }
            },
            Token,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap()));
        results.Count(result => result == "added").ShouldBe(1);
        results.Count(result => result.Contains("already registered", StringComparison.Ordinal)).ShouldBe(tokens.Count - 1);
        (await new Tokens(database, _time).ListAsync(Token)).Sum(token => token.Uses).ShouldBe(1);
    }

    [Fact]
    public async Task A_host_that_cannot_be_added_leaves_the_token_as_it_was()
    {
        var database = await OpenAsync();
        await TestDatabase.BreakAsync(database, "INSERT", "hosts", Token);
        var token = (await new Tokens(database, _time).CreateAsync(1, Token)).Token;
        var registrations = new Registrations(database, _time);
        await Should.ThrowAsync<DbException>(() => registrations.AddAsync(HubFixture.Request(token), Token));
        await TestDatabase.MendAsync(database, Token);
        await Should.NotThrowAsync(() => registrations.AddAsync(HubFixture.Request(token), Token));
    }

    private Task<Database> OpenAsync() => TestDatabase.OpenAsync(_folder.Path, Token);

    private async Task<(HostRecord Host, string PermanentToken)> RegisterAsync(Database database, string engine = "ENGINE:1")
    {
        var token = (await new Tokens(database, _time).CreateAsync(1, Token)).Token;
        return await new Registrations(database, _time).AddAsync(HubFixture.Request(token, engine), Token);
    }

    private List<(string Name, UnixFileMode Mode)> Modes() =>
        [.. Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), File.GetUnixFileMode(file)))];

    private List<string> FilesWithTheSecret() =>
        [.. Directory.GetFiles(_folder.Path).Where(file => File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) >= 0)];
}
