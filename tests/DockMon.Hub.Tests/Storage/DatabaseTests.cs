using System.Text.Json;
using DockMon.Hub.Inventory;
using DockMon.Hub.Storage;
using DockMon.Hub.Storage.Tables;
using DockMon.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Storage;

public sealed class DatabaseTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<EventWriter> _writers = [];
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private string File => Path.Combine(_folder.Path, "hub.db");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers)
        {
            await writer.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [SqliteFact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        System.IO.File.WriteAllText(File, string.Concat(Enumerable.Repeat("this is no database. ", 100)));
        (await Should.ThrowAsync<SqliteException>(() => TestDatabase.OpenAsync(_folder.Path, Token))).Message.ShouldContain("not a database");
        System.IO.File.ReadAllText(File).ShouldStartWith("this is no database.");
        System.IO.File.Exists(Path.Combine(_folder.Path, Vault.KeyFile)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_database_of_a_newer_hub_is_refused_and_left_as_it_is()
    {
        var database = await OpenAsync();
        await TestDatabase.SetVersionAsync(database, 99, Token);
        (await Should.ThrowAsync<IOException>(() => OpenAsync())).Message.ShouldContain("schema 99");
        await TestDatabase.SetVersionAsync(database, Migrations.Newest, Token);
        (await new Hosts(await OpenAsync(), _time).ListAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_ends_the_start()
    {
        System.IO.File.WriteAllText(Path.Combine(_folder.Path, "file"), "");
        (await Should.ThrowAsync<IOException>(() => TestDatabase.OpenAsync(Path.Combine(_folder.Path, "file", "data"), Token))).Message.ShouldContain("file");
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public async Task A_key_file_that_holds_no_key_is_refused_with_what_to_do(string content)
    {
        _ = await OpenAsync();
        var file = Path.Combine(_folder.Path, Vault.KeyFile);
        System.IO.File.WriteAllText(file, content);
        var message = (await Should.ThrowAsync<IOException>(() => OpenAsync())).Message;
        message.ShouldContain(file);
        message.ShouldContain("put back");
        System.IO.File.ReadAllText(file).ShouldBe(content);
    }

    [Fact]
    public async Task A_database_whose_check_of_the_key_is_gone_is_refused()
    {
        await (await OpenAsync()).ExecuteAsync("DELETE FROM settings WHERE name = 'vault_check'", Token);
        (await Should.ThrowAsync<IOException>(() => TestDatabase.OpenAsync(_folder.Path, Token))).Message.ShouldContain(Vault.KeyFile);
    }

    [Fact]
    public async Task A_transaction_that_fails_leaves_nothing_behind()
    {
        var database = await OpenAsync();
        const string Insert = "INSERT INTO settings (name, value) VALUES ('half', 'done')";
        await Should.ThrowAsync<InvalidOperationException>(() => database.TransactAsync<int>(
            async open =>
            {
                await open.ExecuteAsync(Insert);
                throw new InvalidOperationException("in the middle");
            },
            Token));
        (await database.QueryAsync("SELECT value FROM settings WHERE name = 'half'", row => row.GetString(0), Token)).ShouldBeEmpty();
        (await database.TransactAsync(open => open.ExecuteAsync(Insert), Token)).ShouldBe(1);
    }

    [SqliteFact]
    public async Task A_database_that_another_program_writes_to_is_waited_for()
    {
        var database = await OpenAsync();
        await using var other = new SqliteConnection($"Data Source={File};Pooling=False");
        await other.OpenAsync(Token);
        var writing = other.BeginTransaction(deferred: false);
        await new Statements(other, writing, Token).ExecuteAsync("INSERT INTO settings (name, value) VALUES ('other', 'x')");
        using var started = new ManualResetEventSlim();
        var waiting = Task.Factory.StartNew(
            () =>
            {
                started.Set();
                return new Tokens(database, _time).CreateAsync(1, Token);
            },
            Token,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap();
        started.Wait(Token);
        (await new Tokens(database, _time).ListAsync(Token)).ShouldBeEmpty("readers do not wait for writers");
        await writing.CommitAsync(Token);
        (await waiting).MaxUses.ShouldBe(1);
        (await new Tokens(database, _time).ListAsync(Token)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Values_with_quotes_and_ends_of_statements_are_only_values()
    {
        var tokens = new Tokens(await OpenAsync(), _time);
        await tokens.CreateAsync(1, Token);
        (await tokens.DeleteAsync("'; DELETE FROM registration_tokens; --", Token)).ShouldBeFalse();
        (await tokens.DeleteAsync("' OR '1'='1", Token)).ShouldBeFalse();
        (await tokens.ListAsync(Token)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_event_is_kept_once_for_its_container_action_and_time()
    {
        var (events, host) = await EventsAsync();
        (await events.AddAsync(host, Event("c1", "die", "1"), Token)).ShouldBeTrue();
        (await events.AddAsync(host, Event("c1", "die", "1"), Token)).ShouldBeFalse();
        (await events.AddAsync(host, Event("c1", "die", "2"), Token)).ShouldBeTrue();
        (await events.AddAsync(host, Event("c1", "start", "1"), Token)).ShouldBeTrue();
        (await events.AddAsync(host, Event("c2", "die", "1"), Token)).ShouldBeTrue();
        (await events.ListAsync(host, 100, Token)).Count.ShouldBe(4);
        (await events.ListAsync(host, 1, Token)).Single().GetProperty("container_id").GetString().ShouldBe("c2");
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"container_id":7,"action":null,"timestamp":{}}""")]
    public async Task An_event_without_its_fields_is_kept_as_it_came(string payload)
    {
        var (events, host) = await EventsAsync();
        (await events.AddAsync(host, JsonElement.Parse(payload), Token)).ShouldBeTrue();
        (await events.ListAsync(host, 1, Token)).Single().GetRawText().ShouldBe(payload);
    }

    [Fact]
    public async Task An_event_of_a_host_that_was_removed_is_not_kept()
    {
        var (events, _) = await EventsAsync();
        (await events.AddAsync("nobody", Event("c1", "die", "1"), Token)).ShouldBeFalse();
        (await events.ListAsync("nobody", 10, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_oldest_events_of_a_host_go_when_it_has_more_than_are_kept_and_nobody_elses()
    {
        await using var database = await OpenAsync();
        var (events, host) = await EventsAsync(database);
        var (_, other) = await EventsAsync(database, "ENGINE:2");
        (await events.AddAsync(other, Event("c1", "die", "1"), Token)).ShouldBeTrue();
        await database.ExecuteAsync(
            $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Events.KeptOfHost + 300}) "
            + "INSERT INTO events (host_id, received_at, key, payload) SELECT @host, 0, CAST(i AS TEXT), '{}' FROM n",
            Token,
            ("@host", host));
        (await events.AddAsync(host, Event("new", "die", "1"), Token)).ShouldBeTrue();

        await Retry.UntilAsync("the oldest are gone", async () => (await events.ListAsync(host, int.MaxValue, Token)).Count == Events.KeptOfHost, ct: Token);
        (await events.ListAsync(host, 1, Token)).Single().GetProperty("container_id").GetString().ShouldBe("new");
        (await events.ListAsync(other, 10, Token)).Count.ShouldBe(1, "it is the oldest of all");
    }

    [Fact]
    public async Task Events_that_are_too_old_are_removed_in_slices()
    {
        await using var database = await OpenAsync();
        var (events, host) = await EventsAsync(database);
        var now = _time.GetUtcNow();
        await database.ExecuteAsync(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
            + "INSERT INTO events (host_id, received_at, key, payload) SELECT @host, @old, CAST(i AS TEXT), '{}' FROM n",
            Token,
            ("@host", host), ("@old", now.AddDays(-31).ToUnixTimeMilliseconds()));
        (await events.AddAsync(host, Event("new", "die", "1"), Token)).ShouldBeTrue();
        (await Events.PruneOldAsync(database, now.AddDays(-30), Token)).ShouldBeTrue("there are more");
        (await Events.PruneOldAsync(database, now.AddDays(-30), Token)).ShouldBeFalse();
        (await events.ListAsync(host, int.MaxValue, Token)).Single().GetProperty("container_id").GetString().ShouldBe("new");
    }

    [Fact]
    public async Task An_event_with_values_of_any_length_is_kept_once()
    {
        var (events, host) = await EventsAsync();
        var payload = Event("c1", "exec_create: " + new string('x', 20_000), "1");
        (await events.AddAsync(host, payload, Token)).ShouldBeTrue();
        (await events.AddAsync(host, payload, Token)).ShouldBeFalse();
        (await events.AddAsync(host, JsonElement.Parse("""{"container_id":"\u0000","action":"die"}"""), Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_removed_host_takes_its_events_and_health_checks_with_it_and_nobody_elses()
    {
        var database = await OpenAsync();
        var (events, host) = await EventsAsync(database);
        var (_, other) = await EventsAsync(database, "ENGINE:2");
        foreach (var id in new[] { host, other })
        {
            await events.AddAsync(id, Event("c1", "die", "1"), Token);
            await new HealthChecks(database).ReplaceAsync(id, new Protocol.HealthCheckConfigsSync { Configs = [] }, Token);
        }

        var hosts = new Hosts(database, _time);
        (await hosts.DeleteAsync(host, Token)).ShouldBeTrue();
        (await hosts.DeleteAsync(host, Token)).ShouldBeFalse();
        (await hosts.FindAsync(host, Token)).ShouldBeNull();
        (await events.ListAsync(host, 10, Token)).ShouldBeEmpty();
        (await new HealthChecks(database).FindAsync(host, Token)).ShouldBeNull();
        (await events.ListAsync(other, 10, Token)).Count.ShouldBe(1);
        (await new HealthChecks(database).FindAsync(other, Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Nothing_is_stored_for_a_host_that_was_removed_meanwhile()
    {
        var database = await OpenAsync();
        var hosts = new Hosts(database, _time);
        var (_, id) = await EventsAsync(database);
        var host = (await hosts.FindAsync(id, Token))!;
        await hosts.DeleteAsync(id, Token);
        (await hosts.UpdateAsync(host, HubFixture.Request("t"), Token)).ShouldBeNull();
        await hosts.SeenAsync(id, Token);
        await new ContainerStore(database).SaveAsync(id, DockerList.Read(id, JsonElement.Parse("""[{"Id":"c1"}]""")).Values, [], Token);
        await new HealthChecks(database).ReplaceAsync(id, new Protocol.HealthCheckConfigsSync { Configs = [] }, Token);
        (await hosts.ListAsync(Token)).ShouldBeEmpty();
        (await new ContainerStore(database).OfHostAsync(id, Token)).ShouldBeEmpty();
        (await new HealthChecks(database).FindAsync(id, Token)).ShouldBeNull();
    }

    private static JsonElement Event(string container, string action, string timestamp) =>
        JsonElement.Parse($$"""{"container_id":"{{container}}","action":"{{action}}","timestamp":"{{timestamp}}"}""");

    private Task<Database> OpenAsync() => TestDatabase.OpenAsync(_folder.Path, Token);

    private async Task<(Events Events, string HostId)> EventsAsync(Database? database = null, string engine = "ENGINE:1")
    {
        database ??= await OpenAsync();
        var token = (await new Tokens(database, _time).CreateAsync(1, Token)).Token;
        var (host, _) = await new Registrations(database, _time).AddAsync(HubFixture.Request(token, engine), Token);
        var writer = new EventWriter(database, _time, NullLogger<EventWriter>.Instance);
        _writers.Add(writer);
        return (new Events(database, writer), host.Id);
    }
}
