using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Storage;

public sealed class DatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private string File => Path.Combine(_folder.Path, "hub.db");

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        System.IO.File.WriteAllText(File, string.Concat(Enumerable.Repeat("this is no database. ", 100)));
        Should.Throw<SqliteException>(() => new Database(_folder.Path)).Message.ShouldContain("not a database");
        System.IO.File.ReadAllText(File).ShouldStartWith("this is no database.");
        System.IO.File.Exists(Path.Combine(_folder.Path, Vault.KeyFile)).ShouldBeFalse();
    }

    [Fact]
    public void A_database_of_a_newer_hub_is_refused_and_left_as_it_is()
    {
        new Database(_folder.Path).Execute("PRAGMA user_version = 99");
        Should.Throw<IOException>(() => new Database(_folder.Path)).Message.ShouldContain("newer hub");
        new SqliteHosts(Raw(), _time).List().ShouldBeEmpty();

        Database Raw()
        {
            using var connection = new SqliteConnection($"Data Source={File}");
            connection.Open();
            new Statements(connection, null).Query("PRAGMA user_version", row => row.GetInt32(0)).ShouldBe([99]);
            new Statements(connection, null).Execute("PRAGMA user_version = 4");
            return new Database(_folder.Path);
        }
    }

    [Fact]
    public void A_directory_that_cannot_be_made_ends_the_start()
    {
        System.IO.File.WriteAllText(Path.Combine(_folder.Path, "file"), "");
        Should.Throw<IOException>(() => new Database(Path.Combine(_folder.Path, "file", "data"))).Message.ShouldContain("file");
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public void A_key_file_that_holds_no_key_is_refused_with_what_to_do(string content)
    {
        _ = new Database(_folder.Path);
        var file = Path.Combine(_folder.Path, Vault.KeyFile);
        System.IO.File.WriteAllText(file, content);
        var message = Should.Throw<IOException>(() => new Database(_folder.Path)).Message;
        message.ShouldContain(file);
        message.ShouldContain("put back");
        System.IO.File.ReadAllText(file).ShouldBe(content);
    }

    [Fact]
    public void A_database_whose_check_of_the_key_is_gone_is_refused()
    {
        new Database(_folder.Path).Execute("DELETE FROM settings WHERE name = 'vault_check'");
        Should.Throw<IOException>(() => new Database(_folder.Path)).Message.ShouldContain(Vault.KeyFile);
    }

    [Fact]
    public void A_transaction_that_fails_leaves_nothing_behind()
    {
        var database = new Database(_folder.Path);
        Should.Throw<InvalidOperationException>(() => database.Transact<int>(open =>
        {
            open.Execute("INSERT INTO settings (name, value) VALUES ('half', 'done')");
            throw new InvalidOperationException("in the middle");
        }));
        database.Query("SELECT value FROM settings WHERE name = 'half'", row => row.GetString(0)).ShouldBeEmpty();
        database.Transact(open => open.Execute("INSERT INTO settings (name, value) VALUES ('half', 'done')")).ShouldBe(1);
    }

    [Fact]
    public async Task A_database_that_another_program_writes_to_is_waited_for()
    {
        var database = new Database(_folder.Path);
        using var other = new SqliteConnection($"Data Source={File};Pooling=False");
        other.Open();
        var writing = other.BeginTransaction(deferred: false);
        new Statements(other, writing).Execute("INSERT INTO settings (name, value) VALUES ('other', 'x')");
        using var started = new ManualResetEventSlim();
        var waiting = Task.Factory.StartNew(
            () =>
            {
                started.Set();
                return new SqliteTokens(database, _time).Create(1);
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        started.Wait(TestContext.Current.CancellationToken);
        new SqliteTokens(database, _time).List().ShouldBeEmpty("readers do not wait for writers");
        writing.Commit();
        (await waiting).MaxUses.ShouldBe(1);
        new SqliteTokens(database, _time).List().Count.ShouldBe(1);
    }

    [Fact]
    public void Values_with_quotes_and_ends_of_statements_are_only_values()
    {
        var tokens = new SqliteTokens(new Database(_folder.Path), _time);
        tokens.Create(1);
        tokens.Delete("'; DELETE FROM registration_tokens; --").ShouldBeFalse();
        tokens.Delete("' OR '1'='1").ShouldBeFalse();
        tokens.List().Count.ShouldBe(1);
    }

    [Fact]
    public void An_event_is_kept_once_for_its_container_action_and_time()
    {
        var (events, host) = Events();
        events.Add(host, Event("c1", "die", "1")).ShouldBeTrue();
        events.Add(host, Event("c1", "die", "1")).ShouldBeFalse();
        events.Add(host, Event("c1", "die", "2")).ShouldBeTrue();
        events.Add(host, Event("c1", "start", "1")).ShouldBeTrue();
        events.Add(host, Event("c2", "die", "1")).ShouldBeTrue();
        events.List(host, 100).Count.ShouldBe(4);
        events.List(host, 1).Single().GetProperty("container_id").GetString().ShouldBe("c2");
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"container_id":7,"action":null,"timestamp":{}}""")]
    public void An_event_without_its_fields_is_kept_as_it_came(string payload)
    {
        var (events, host) = Events();
        events.Add(host, JsonElement.Parse(payload)).ShouldBeTrue();
        events.List(host, 1).Single().GetRawText().ShouldBe(payload);
    }

    [Fact]
    public void An_event_of_a_host_that_was_removed_is_not_kept()
    {
        var (events, _) = Events();
        events.Add("nobody", Event("c1", "die", "1")).ShouldBeFalse();
        events.List("nobody", 10).ShouldBeEmpty();
    }

    [Fact]
    public void The_oldest_events_go_when_there_are_more_than_are_kept()
    {
        var database = new Database(_folder.Path);
        var (events, host) = Events(database);
        database.Execute(
            $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SqliteEvents.Kept}) "
            + "INSERT INTO events (host_id, container_id, action, timestamp, payload) SELECT $host, 'old', 'die', i, '{}' FROM n",
            ("$host", host));
        for (var i = 0; i < 100; i++)
        {
            events.Add(host, Event("new", "die", $"{i}")).ShouldBeTrue();
        }

        var all = events.List(host, int.MaxValue);
        all.Count.ShouldBe(SqliteEvents.Kept);
        all.Count(e => e.TryGetProperty("container_id", out _)).ShouldBe(100);
    }

    [Fact]
    public void A_removed_host_takes_its_events_and_health_checks_with_it_and_nobody_elses()
    {
        var database = new Database(_folder.Path);
        var (events, host) = Events(database);
        var (_, other) = Events(database, "ENGINE:2");
        foreach (var id in new[] { host, other })
        {
            events.Add(id, Event("c1", "die", "1"));
            new SqliteHealthChecks(database).Replace(id, new Protocol.HealthCheckConfigsSync { Configs = [] });
        }

        var hosts = new SqliteHosts(database, _time);
        hosts.Delete(host).ShouldBeTrue();
        hosts.Delete(host).ShouldBeFalse();
        hosts.Find(host).ShouldBeNull();
        events.List(host, 10).ShouldBeEmpty();
        new SqliteHealthChecks(database).Find(host).ShouldBeNull();
        events.List(other, 10).Count.ShouldBe(1);
        new SqliteHealthChecks(database).Find(other).ShouldNotBeNull();
    }

    [Fact]
    public void Nothing_is_stored_for_a_host_that_was_removed_meanwhile()
    {
        var database = new Database(_folder.Path);
        var hosts = new SqliteHosts(database, _time);
        var (_, id) = Events(database);
        var host = hosts.Find(id)!;
        hosts.Delete(id);
        hosts.Update(host, HubFixture.Request("t")).ShouldBeNull();
        hosts.Seen(id);
        hosts.KeepContainers(id, JsonElement.Parse("[]"));
        new SqliteHealthChecks(database).Replace(id, new Protocol.HealthCheckConfigsSync { Configs = [] });
        hosts.List().ShouldBeEmpty();
        hosts.LastContainers(id).ShouldBeNull();
        new SqliteHealthChecks(database).Find(id).ShouldBeNull();
    }

    private static JsonElement Event(string container, string action, string timestamp) =>
        JsonElement.Parse($$"""{"container_id":"{{container}}","action":"{{action}}","timestamp":"{{timestamp}}"}""");

    private (SqliteEvents Events, string HostId) Events(Database? database = null, string engine = "ENGINE:1")
    {
        database ??= new Database(_folder.Path);
        var token = new SqliteTokens(database, _time).Create(1).Token;
        var host = new Registrations(database, _time).Add(HubFixture.Request(token, engine)).Host;
        return (new SqliteEvents(database), host.Id);
    }
}
