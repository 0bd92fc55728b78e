using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Storage;

public sealed class PostgresTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static PostgresServer Server => TestServer.Current.Server;

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public async Task A_connection_is_encrypted_and_the_server_is_the_one_of_the_certificate()
    {
        var name = await TestServer.Current.NewAsync();
        await using var database = await OpenAsync(Server.Address(name, $"sslmode=verify-full&sslrootcert={TestServer.Current.Authority.PemFile}"));
        (await database.QueryAsync("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", row => row.GetBoolean(0), Token)).ShouldBe([true]);

        using var other = new TestAuthority();
        (await Should.ThrowAsync<IOException>(() => OpenAsync(Server.Address(name, $"sslmode=verify-full&sslrootcert={other.PemFile}"))))
            .Message.ShouldContain("certificate");
    }

    [PostgresFact]
    public async Task A_password_is_told_and_a_wrong_one_is_not_shown()
    {
        await TestServer.Current.ExecuteAsync($"CREATE SCHEMA AUTHORIZATION {PostgresServer.GuardedUser}");
        string Address(string password) => Server.Address($"{PostgresServer.GuardedUser}:{Uri.EscapeDataString(password)}");
        await (await OpenAsync(Address(PostgresServer.Password))).DisposeAsync();
        var message = (await Should.ThrowAsync<IOException>(() => OpenAsync(Address("wrong-one")))).Message;
        message.ShouldContain("check the user and the password");
        message.ShouldNotContain("wrong-one");
    }

    [PostgresFact]
    public async Task A_database_that_does_not_exist_or_is_somebody_elses_is_explained()
    {
        var name = await TestServer.Current.NewAsync();
        (await Should.ThrowAsync<IOException>(() => OpenAsync(Server.Address(name).Replace("/postgres?", "/nowhere?", StringComparison.Ordinal))))
            .Message.ShouldContain("create it");
        await TestServer.Current.ExecuteAsync($"ALTER SCHEMA {name} OWNER TO {PostgresServer.User}; GRANT USAGE ON SCHEMA {name} TO {name}");
        (await Should.ThrowAsync<IOException>(() => OpenAsync(Server.Address(name)))).Message.ShouldContain("owner");
    }

    [PostgresFact]
    public async Task Of_two_hubs_that_start_at_once_one_migrates_and_both_work()
    {
        Vault.Create(_folder.Path);
        var address = Server.Address(await TestServer.Current.NewAsync());
        var databases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => OpenAsync(address), Token)));
        (await databases[0].QueryAsync("SELECT version FROM schema_version", row => row.GetInt64(0), Token)).ShouldBe([Migrations.Newest]);
        var token = await new Tokens(databases[1], _time).CreateAsync(1, Token);
        (await new Tokens(databases[2], _time).ListAsync(Token)).Single().Id.ShouldBe(token.Id);
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }
    }

    [PostgresFact]
    public async Task A_second_hub_needs_the_key_of_the_first()
    {
        var address = Server.Address(await TestServer.Current.NewAsync());
        await (await OpenAsync(address)).DisposeAsync();
        using var second = new TemporaryFolder();
        (await Should.ThrowAsync<IOException>(() => OpenAsync(address, second.Path))).Message.ShouldContain("all hubs of one database need the same key file");
        File.Exists(second.File(Vault.KeyFile)).ShouldBeFalse();
        File.Copy(Path.Combine(_folder.Path, Vault.KeyFile), second.File(Vault.KeyFile));
        await (await OpenAsync(address, second.Path)).DisposeAsync();
    }

    [PostgresFact]
    public async Task A_start_waits_for_a_database_that_cannot_be_reached_says_so_and_gives_up_after_a_time()
    {
        await using var proxy = FaultProxy.Start(Server.Port);
        proxy.Mode = ProxyMode.Refuse;
        using var log = new LogCapture();
        var options = new HubOptions { DataPath = _folder.Path, Database = Server.Address(await TestServer.Current.NewAsync(), port: proxy.Port) };
        await using var database = new Database(options, _time, log.CreateLogger<Database>());
        var failing = database.OpenAsync(Token, TimeSpan.FromSeconds(3));
        await Retry.UntilAsync("the first attempt has failed", () => log.Lines.Length > 0, ct: Token);
        log.Lines[0].ShouldContain("trying again for 3 s");
        (await Should.ThrowAsync<IOException>(() => TurnUntilAsync(failing))).Message.ShouldContain($"127.0.0.1:{proxy.Port}");

        var told = log.Lines.Length;
        var opening = database.OpenAsync(Token, TimeSpan.FromSeconds(60));
        await Retry.UntilAsync("the hub waits", () => log.Lines.Length > told, ct: Token);
        proxy.Mode = ProxyMode.Relay;
        await TurnUntilAsync(opening);
    }

    [PostgresFact]
    public async Task A_database_that_is_away_is_a_503_and_the_hub_lives_on_with_its_agents()
    {
        await using var proxy = FaultProxy.Start(Server.Port);
        await using var hub = await HubFixture.StartAsync(Token, database: Server.Address(await TestServer.Current.NewAsync(), port: proxy.Port));
        var agent = await hub.StartAgentAsync(Token);
        var asking = hub.AskAsync(HttpMethod.Get, $"/api/hosts/{agent.HostId}/system", null, Token);
        await agent.AnswerAsync(await agent.ReadFrameAsync(Token), "{}", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK, "the agent has come so far that it needs the database no more");
        proxy.Mode = ProxyMode.Refuse;
        proxy.CutAll();
        using var answer = await hub.Http.GetAsync("/api/hosts", Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter.ShouldNotBeNull();
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString()!.ShouldContain("cannot reach its database");
        (await hub.Http.GetAsync("/health", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);

        proxy.Mode = ProxyMode.Relay;
        (await hub.Http.GetStringAsync("/api/hosts", Token)).ShouldContain("\"connected\":true");
        proxy.CutAll();
        (await hub.AskAsync(HttpMethod.Post, "/api/tokens", "{}", Token)).Status.ShouldBe(HttpStatusCode.OK, "a broken connection of the pool is replaced");
        agent.Socket.State.ShouldBe(System.Net.WebSockets.WebSocketState.Open);
    }

    [PostgresFact]
    public async Task The_end_of_an_operation_stays_with_the_agent_while_the_database_is_away()
    {
        await using var proxy = FaultProxy.Start(Server.Port);
        await using var hub = await HubFixture.StartAsync(Token, database: Server.Address(await TestServer.Current.NewAsync(), port: proxy.Port));
        var agent = await hub.StartAgentAsync(Token);
        var asking = hub.AskAsync(HttpMethod.Post, $"/api/hosts/{agent.HostId}/containers/c1/update", """{"image":"nginx:2"}""", Token);
        await agent.AnswerAsync(await agent.ReadFrameAsync(Token), """{"status":"started"}""", Token);
        var operation = "/api/operations/" + JsonElement.Parse((await asking).Body).GetProperty("id").GetString();
        const string end = """{"old_container_id":"c1","new_container_id":"c2","container_name":"web"}""";

        proxy.Mode = ProxyMode.Refuse;
        proxy.CutAll();
        await agent.SendEventAsync(EventNames.UpdateComplete, end, Token);
        (await agent.ReadAsync(Token)).ShouldBeNull();
        ((int?)agent.Socket.CloseStatus).ShouldBe(1013, agent.Socket.CloseStatusDescription);

        proxy.Mode = ProxyMode.Relay;
        (await StateAsync()).ShouldBe("running");
        var again = await hub.ReconnectAsync(agent, Token);
        await again.SendEventAsync(EventNames.UpdateComplete, end, Token);
        await Retry.UntilAsync("the operation has ended", async () => await StateAsync() == "succeeded", ct: Token);

        async Task<string?> StateAsync() =>
            JsonElement.Parse((await hub.AskAsync(HttpMethod.Get, operation, null, Token)).Body).GetProperty("state").GetString();
    }

    [PostgresFact]
    public async Task A_transaction_that_the_server_ended_while_the_hub_stood_still_is_tried_again_by_who_asked()
    {
        await using var database = await OpenAsync(Server.Address(await TestServer.Current.NewAsync()));
        var failing = database.TransactAsync(
            async open =>
            {
                await open.ExecuteAsync("SET LOCAL idle_in_transaction_session_timeout = 1");
                var server = (await open.QueryAsync("SELECT pg_backend_pid()", row => row.GetInt32(0))).Single();
                await Retry.UntilAsync(
                    "the server has ended the transaction",
                    async () => (await database.QueryAsync(
                        "SELECT 1 FROM pg_stat_activity WHERE pid = @server", row => row.GetInt32(0), Token, ("@server", server))).Count == 0,
                    ct: Token);
                return await open.ExecuteAsync("DELETE FROM audit");
            },
            Token);
        var e = await Should.ThrowAsync<System.Data.Common.DbException>(failing);
        database.IsAway(e).ShouldBeTrue(e.ToString());
        (await database.TransactAsync(open => open.QueryAsync("SELECT 1", row => row.GetInt32(0)), Token)).ShouldBe([1]);
    }

    private Task<Database> OpenAsync(string address, string? folder = null) =>
        TestDatabase.OpenAsync(new HubOptions { DataPath = folder ?? _folder.Path, Database = address }, Token);

    private async Task TurnUntilAsync(Task task)
    {
        await Retry.UntilAsync("it ended", () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            return task.IsCompleted;
        }, ct: Token);
        await task;
    }
}
