using System.Text.Json;
using DockMon.Hub.Bus;
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

public sealed class BackupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _other = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string File => _other.File("hub.backup");

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task A_backup_of_a_hub_that_runs_is_a_whole_hub_elsewhere()
    {
        var options = await TestDatabase.OptionsAsync(_folder.Path);
        await using var database = await TestDatabase.OpenAsync(options, Token);
        var host = await FillAsync(database);
        (await RunAsync(options, "backup", File)).Code.ShouldBe(0);
        System.IO.File.GetUnixFileMode(File).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(_other.Path).ShouldBe([File]);

        using var elsewhere = new TemporaryFolder();
        var target = await TestDatabase.OptionsAsync(Path.Combine(elsewhere.Path, "data"));
        (await RunAsync(target, "restore", File)).Code.ShouldBe(0);
        var key = System.IO.File.ReadAllBytes(Path.Combine(target.DataPath, Vault.KeyFile));
        key.ShouldBe(System.IO.File.ReadAllBytes(Path.Combine(_folder.Path, Vault.KeyFile)));
        Directory.GetFiles(target.DataPath).Where(file => System.IO.File.ReadAllBytes(file).AsSpan().IndexOf(key.AsSpan(0, 64)) >= 0)
            .ShouldBe([Path.Combine(target.DataPath, Vault.KeyFile)]);
        await using var restored = await TestDatabase.OpenAsync(target, Token);
        await CheckAsync(restored, host);
        (await new Registrations(restored, _time).AddAsync(
            HubFixture.Request((await new Tokens(restored, _time).CreateAsync(1, Token)).Token, "ENGINE:2"),
            Token))
            .Host.Id.ShouldNotBe(host);
    }

    [Fact]
    public async Task Every_table_is_in_a_backup()
    {
        var options = await TestDatabase.OptionsAsync(_folder.Path);
        await using var database = await TestDatabase.OpenAsync(options, Token);
        await EveryTable.FillAsync(database, "h1", Token);
        await RunAsync(options, "backup", File);
        using var elsewhere = new TemporaryFolder();
        var target = await TestDatabase.OptionsAsync(Path.Combine(elsewhere.Path, "data"));
        await RunAsync(target, "restore", File);
        await using var restored = await TestDatabase.OpenAsync(target, Token);
        (await EveryTable.RowsAsync(restored, Token)).ShouldBe(await EveryTable.RowsAsync(database, Token));
    }

    [Fact]
    public async Task Every_table_moves_to_another_database()
    {
        await using var source = await TestDatabase.OpenAsync(new HubOptions { DataPath = _folder.Path }, Token);
        await EveryTable.FillAsync(source, "h1", Token);
        System.IO.File.Copy(Path.Combine(_folder.Path, Vault.KeyFile), _other.File(Vault.KeyFile));
        await using var target = await TestDatabase.OpenAsync(_other.Path, Token);
        var moved = await DatabaseCopy.RunAsync(source, target, Token);
        var rows = await EveryTable.RowsAsync(target, Token);
        rows.ShouldBe(await EveryTable.RowsAsync(source, Token));
        rows.Values.ShouldAllBe(row => row.Length > 0);
        moved.Select(table => table.Table).ShouldBe(rows.Keys, ignoreOrder: true);
    }

    [Fact]
    public async Task A_backup_overwrites_nothing_and_neither_does_what_it_restores()
    {
        var options = await TestDatabase.OptionsAsync(_folder.Path);
        await using var database = await TestDatabase.OpenAsync(options, Token);
        var host = await FillAsync(database);
        await RunAsync(options, "backup", File);
        (await Should.ThrowAsync<IOException>(() => RunAsync(options, "backup", File))).Message.ShouldContain("exists already");
        (await Should.ThrowAsync<IOException>(() => RunAsync(options, "restore", File))).Message.ShouldContain(TestServer.IsUsed
            ? "is not empty"
            : "exists already");
        await CheckAsync(database, host);
    }

    [Fact]
    public async Task What_is_no_backup_is_refused_and_leaves_nothing()
    {
        using var elsewhere = new TemporaryFolder();
        var target = await TestDatabase.OptionsAsync(elsewhere.Path);
        await System.IO.File.WriteAllTextAsync(File, string.Concat(Enumerable.Repeat("this is no database. ", 100)), Token);
        (await Should.ThrowAsync<IOException>(() => RunAsync(target, "restore", File))).Message.ShouldContain("no backup of a hub");
        Directory.GetFiles(elsewhere.Path).ShouldBeEmpty();
        await Should.ThrowAsync<IOException>(() => RunAsync(target, "restore", _other.File("nothing")));
        (await RunAsync(target, "restore")).Code.ShouldBe(2);
    }

    [Fact]
    public async Task A_log_that_a_killed_hub_left_is_not_played_into_what_is_restored()
    {
        await using var database = await TestDatabase.OpenAsync(_folder.Path, Token);
        await RunAsync(await TestDatabase.OptionsAsync(_folder.Path), "backup", File);
        using var elsewhere = new TemporaryFolder();
        var (sqlite, log) = (new HubOptions { DataPath = elsewhere.Path }, elsewhere.File("hub.db-wal"));
        await System.IO.File.WriteAllTextAsync(log, "what was not yet in hub.db", Token);
        (await Should.ThrowAsync<IOException>(() => RunAsync(sqlite, "restore", File))).Message.ShouldStartWith(log + " exists already");
        Directory.GetFiles(elsewhere.Path).ShouldBe([log]);
    }

    [Fact]
    public async Task What_is_restored_is_a_fleet_of_its_own()
    {
        var options = await TestDatabase.OptionsAsync(_folder.Path);
        await using var database = await TestDatabase.OpenAsync(options, Token);
        await database.ExecuteAsync($"INSERT INTO settings (name, value) VALUES ('{HubLink.FleetSetting}', 'first')", Token);
        await RunAsync(options, "backup", File);
        using var elsewhere = new TemporaryFolder();
        var target = await TestDatabase.OptionsAsync(Path.Combine(elsewhere.Path, "data"));
        await RunAsync(target, "restore", File);
        await using var restored = await TestDatabase.OpenAsync(target, Token);
        (await restored.QueryAsync("SELECT name FROM settings", row => row.GetString(0), Token)).ShouldBe(["vault_check"]);
    }

    [PostgresFact]
    public async Task A_hub_moves_from_SQLite_to_PostgreSQL_with_all_it_has()
    {
        var sqlite = new HubOptions { DataPath = _folder.Path };
        string host;
        await using (var database = await TestDatabase.OpenAsync(sqlite, Token))
        {
            host = await FillAsync(database);
        }

        var options = await TestDatabase.OptionsAsync(_folder.Path);
        var (code, output) = await RunAsync(options, "migrate", "--from", "sqlite", "--to", "postgres");
        code.ShouldBe(0);
        output.ShouldContain("1 hosts");
        output.ShouldContain("2 events");
        await using var moved = await TestDatabase.OpenAsync(options, Token);
        await CheckAsync(moved, host);
        await using var writer = new EventWriter(moved, _time, NullLogger<EventWriter>.Instance);
        (await new Events(moved, writer).AddAsync(host, Event("3"), Token)).ShouldBeTrue("new ids come after those that were copied");
        (await Should.ThrowAsync<IOException>(() => RunAsync(
            options,
            "migrate",
            "--from",
            "sqlite",
            "--to",
            "postgres"))).Message.ShouldContain("is not empty");
        await CheckAsync(moved, host, events: 3);
    }

    [Fact]
    public async Task A_move_needs_both_databases()
    {
        var options = new HubOptions { DataPath = _folder.Path };
        (await Should.ThrowAsync<ArgumentException>(() => RunAsync(
            options,
            "migrate",
            "--from",
            "sqlite",
            "--to",
            "postgres"))).Message.ShouldContain("HUB_DATABASE");
        var nothing = new HubOptions { DataPath = _folder.Path, Database = "postgres://127.0.0.1/nothing" };
        (await Should.ThrowAsync<IOException>(() => RunAsync(
            nothing,
            "migrate",
            "--from",
            "sqlite",
            "--to",
            "postgres"))).Message.ShouldContain("there is no database");
    }

    private static JsonElement Event(string time) => JsonElement.Parse($$"""{"container_id":"c1","action":"die","timestamp":"{{time}}"}""");

    private static async Task<(int Code, string Output)> RunAsync(HubOptions options, params string[] arguments)
    {
        using var output = new StringWriter();
        var code = await StorageVerbs.RunAsync(arguments, options, output, TextWriter.Null, Token);
        return (code, output.ToString());
    }

    private async Task<string> FillAsync(Database database)
    {
        var token = (await new Tokens(database, _time).CreateAsync(1, Token)).Token;
        var (host, _) = await new Registrations(database, _time).AddAsync(HubFixture.Request(token), Token);
        await new HealthChecks(database).ReplaceAsync(
            host.Id,
            new HealthCheckConfigsSync { Configs = [new HealthCheckConfig { ContainerId = "secret" }] },
            Token);
        await using var writer = new EventWriter(database, _time, NullLogger<EventWriter>.Instance);
        var events = new Events(database, writer);
        (await events.AddAsync(host.Id, Event("1"), Token)).ShouldBeTrue();
        (await events.AddAsync(host.Id, Event("2"), Token)).ShouldBeTrue();
        await database.ExecuteAsync(
            "INSERT INTO stats_journal (host_id, hour, block) VALUES (@host, 1, @block)", Token, ("@host", host.Id), ("@block", new byte[] { 0, 1, 255 }));
        return host.Id;
    }

    private async Task CheckAsync(Database database, string host, int events = 2)
    {
        (await new Hosts(database, _time).ListAsync(Token)).Single().Id.ShouldBe(host);
        (await new HealthChecks(database).FindAsync(host, Token))!.Configs!.Single().ContainerId.ShouldBe("secret");
        await using var writer = new EventWriter(database, _time, NullLogger<EventWriter>.Instance);
        (await new Events(database, writer).ListAsync(host, 10, Token)).Count.ShouldBe(events);
        (await database.QueryAsync("SELECT block FROM stats_journal", row => (byte[])row.GetValue(0), Token)).Single().ShouldBe([0, 1, 255]);
    }
}
