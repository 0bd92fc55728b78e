using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using System.Text.Json;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents;

public sealed class RegistrationTests : IAsyncLifetime
{
    private HubFixture _hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _hub = await HubFixture.StartAsync(Token);

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task A_token_registers_once_and_the_permanent_token_from_then_on()
    {
        var token = await _hub.NewTokenAsync(Token);
        var (_, first) = await _hub.RegisterAsync(HubFixture.Request(token), Token);
        first.GetProperty("type").GetString().ShouldBe("auth_success");
        var permanent = first.GetProperty("permanent_token").GetString()!;

        var (_, again) = await _hub.RegisterAsync(HubFixture.Request(permanent, hostname: "renamed"), Token);
        again.GetProperty("host_id").GetString().ShouldBe(first.GetProperty("host_id").GetString());
        (await RejectionAsync(HubFixture.Request(token, engine: "ENGINE:2"))).ShouldBe(AuthRejections.UsedUpToken);
        (await RejectionAsync(HubFixture.Request(permanent, engine: "ENGINE:2"))).ShouldBe(AuthRejections.WrongEngine);
    }

    [Fact]
    public async Task Each_refusal_has_its_words_and_a_close_with_1008()
    {
        (await RejectionAsync(HubFixture.Request("nobody-made-this"))).ShouldBe(AuthRejections.InvalidToken);

        var token = await _hub.NewTokenAsync(Token, maxUses: 3);
        await _hub.RegisterAsync(HubFixture.Request(token), Token);
        (await RejectionAsync(HubFixture.Request(await _hub.NewTokenAsync(Token)))).ShouldContain("already registered");
        var (_, twin) = await _hub.RegisterAsync(
            HubFixture.Request(token, hostname: "twin") with { ForceUniqueRegistration = true, HostnameSource = HostnameSources.AgentName },
            Token);
        twin.GetProperty("type").GetString().ShouldBe("auth_success");

        _hub.Time.Advance(TimeSpan.FromMinutes(15));
        (await RejectionAsync(HubFixture.Request(token, engine: "ENGINE:3"))).ShouldBe(AuthRejections.ExpiredToken);
    }

    [Theory]
    [InlineData("""{"color":"blue"}""")]
    [InlineData("""{"hostname":""}""")]
    [InlineData("""{"token":"with space"}""")]
    [InlineData("""{"engine_id":null}""")]
    [InlineData("""{"total_memory":0}""")]
    [InlineData("""{"num_cpus":10001}""")]
    [InlineData("""{"capabilities":{"shell_access":"yes"}}""")]
    [InlineData("""{"hostname_source":"guess"}""")]
    [InlineData("""{"force_unique_registration":true}""")]
    [InlineData("""{"version":"123456789012345678901234567890123456789012345678901"}""")]
    public async Task A_frame_that_breaks_a_rule_is_refused_and_spends_no_token(string change)
    {
        var token = await _hub.NewTokenAsync(Token);
        var frame = (JsonObject)JsonNode.Parse(JsonSerializer.Serialize(HubFixture.Request(token), ProtocolJson.Default.RegisterRequest))!;
        foreach (var (name, value) in (JsonObject)JsonNode.Parse(change)!)
        {
            frame[name] = value?.DeepClone();
        }

        using var socket = await _hub.DialAsync(frame.ToJsonString(), Token);
        var answer = JsonElement.Parse((await HubFixture.ReadAsync(socket, Token))!);
        answer.GetProperty("type").GetString().ShouldBe("auth_error");
        answer.GetProperty("error").GetString()!.ShouldStartWith(AuthRejections.InvalidData);
        (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.PolicyViolation);

        var (_, success) = await _hub.RegisterAsync(HubFixture.Request(token), Token);
        success.GetProperty("type").GetString().ShouldBe("auth_success");
    }

    [Fact]
    public async Task Half_a_surrogate_pair_in_a_registration_is_a_broken_rule_and_no_exception()
    {
        const string Frame =
            """{"type":"register","token":"t","engine_id":"e","hostname":"\ud800","version":"3.0.0","proto_version":"1.1","capabilities":{}}""";
        using var socket = await _hub.DialAsync(Frame, Token);
        var answer = JsonElement.Parse((await HubFixture.ReadAsync(socket, Token))!);
        answer.GetProperty("error").GetString()!.ShouldStartWith(AuthRejections.InvalidData);
    }

    [Fact]
    public async Task A_newer_connection_replaces_the_older_one()
    {
        var (first, answer) = await _hub.RegisterAsync(HubFixture.Request(await _hub.NewTokenAsync(Token)), Token);
        await _hub.RegisterAsync(HubFixture.Request(answer.GetProperty("permanent_token").GetString()!), Token);
        (await HubFixture.ReadAsync(first, Token)).ShouldBeNull();
        first.CloseStatus.ShouldBe(WebSocketCloseStatus.NormalClosure);
        first.CloseStatusDescription.ShouldBe("New connection established");
    }

    [Fact]
    public async Task Agents_tokens_and_the_key_outlive_a_restart_of_the_hub()
    {
        var (_, answer) = await _hub.RegisterAsync(HubFixture.Request(await _hub.NewTokenAsync(Token)), Token);
        await _hub.RestartAsync(Token);
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(_hub.App.Urls.Single()) };
        (await http.GetAsync("/api/hosts", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        http.DefaultRequestHeaders.Add("X-Api-Key", HubFixture.AdminKey);
        (await http.GetStringAsync("/api/hosts", Token)).ShouldContain(answer.GetProperty("host_id").GetString()!);
    }

    [Fact]
    public async Task An_engine_that_lost_what_it_was_just_given_gets_the_same_host_again_for_the_same_token()
    {
        var token = await _hub.NewTokenAsync(Token);
        var (_, first) = await _hub.RegisterAsync(HubFixture.Request(token), Token);
        var (_, again) = await _hub.RegisterAsync(HubFixture.Request(token), Token);
        again.GetProperty("host_id").GetString().ShouldBe(first.GetProperty("host_id").GetString());
        (await _hub.Http.GetFromJsonAsync<JsonElement>("/api/hosts", Token)).GetArrayLength().ShouldBe(1);

        // What it was given first is worth nothing any more; what it was given now is.
        (await RejectionAsync(HubFixture.Request(first.GetProperty("permanent_token").GetString()!))).ShouldBe(AuthRejections.InvalidToken);
        var (_, back) = await _hub.RegisterAsync(HubFixture.Request(again.GetProperty("permanent_token").GetString()!), Token);
        back.GetProperty("type").GetString().ShouldBe("auth_success");

        // It has kept it: from now on the registration token is as good as any other that is used up.
        (await RejectionAsync(HubFixture.Request(token))).ShouldBe(AuthRejections.UsedUpToken);
    }

    [Fact]
    public async Task The_same_host_is_given_again_to_that_engine_only_and_only_while_the_token_is_good()
    {
        var token = await _hub.NewTokenAsync(Token);
        await _hub.RegisterAsync(HubFixture.Request(token), Token);
        (await RejectionAsync(HubFixture.Request(token, engine: "ENGINE:2"))).ShouldBe(AuthRejections.UsedUpToken);
        var twin = HubFixture.Request(token, hostname: "twin") with { ForceUniqueRegistration = true, HostnameSource = HostnameSources.AgentName };
        (await RejectionAsync(twin)).ShouldBe(AuthRejections.UsedUpToken);
        _hub.Time.Advance(TimeSpan.FromMinutes(15));
        (await RejectionAsync(HubFixture.Request(token))).ShouldBe(AuthRejections.ExpiredToken);
    }

    private async Task<string> RejectionAsync(RegisterRequest request)
    {
        var (socket, answer) = await _hub.RegisterAsync(request, Token);
        answer.GetProperty("type").GetString().ShouldBe("auth_error");
        (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.PolicyViolation);
        return answer.GetProperty("error").GetString()!;
    }
}
