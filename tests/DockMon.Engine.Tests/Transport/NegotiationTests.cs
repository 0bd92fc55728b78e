using System.Net;
using DockMon.Testing;

namespace DockMon.Engine.Tests;

public sealed class NegotiationTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.24", null, "1.24")]
    [InlineData("1.22", null, "1.22")]
    [InlineData("1.41", null, "1.41")]
    [InlineData("1.45", null, "1.45")]
    [InlineData("1.47", null, "1.47")]
    [InlineData("1.52", "1.44", "1.47")]
    [InlineData("1.60", "1.50", "1.50")]
    [InlineData("1.52", "", "1.47")]
    public async Task The_version_is_the_newest_both_know(string daemon, string? oldest, string expected)
    {
        await using var engine = new ScriptedEngine(line => line switch
        {
            "GET /_ping" => ScriptedAnswer.Ping(daemon),
            "GET /version" => ScriptedAnswer.Json($$"""{"ApiVersion":"{{daemon}}","MinAPIVersion":"{{oldest}}"}"""),
            _ => ScriptedAnswer.Json("[]"),
        });
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.ListContainersAsync(true, Ct);

        (await client.GetApiVersionAsync(Ct)).ShouldBe(Version.Parse(expected));
        engine.Calls.Last().Line.ShouldBe($"GET /v{expected}/containers/json?all=1");
        engine.Calls.Count(r => r.Line == "GET /_ping").ShouldBe(1);
    }

    [Fact]
    public async Task Without_the_header_the_version_page_is_asked()
    {
        await using var engine = new ScriptedEngine(line =>
            ScriptedAnswer.Json(line == "GET /version" ? """{"ApiVersion":"1.40","MinAPIVersion":"1.12"}""" : "OK"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.GetApiVersionAsync(Ct)).ShouldBe(new Version(1, 40));
    }

    [Fact]
    public async Task Something_that_is_no_engine_is_said_to_be_none()
    {
        await using var engine = new ScriptedEngine(_ => ScriptedAnswer.Json("{}"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var error = await Should.ThrowAsync<EngineException>(() => client.GetApiVersionAsync(Ct));
        error.Message.ShouldContain("is it a Docker engine?");
    }

    [Fact]
    public async Task A_daemon_that_was_replaced_is_asked_again()
    {
        var pings = 0;
        await using var engine = new ScriptedEngine(line => line switch
        {
            "GET /_ping" => ScriptedAnswer.Ping(++pings == 1 ? "1.41" : "1.45"),
            "GET /v1.41/info" => ScriptedAnswer.Json(
                """{"message":"client version 1.41 is too old. Minimum supported API version is 1.44"}""", 400),
            _ => ScriptedAnswer.Json("""{"ID":"x","NCPU":2}"""),
        });
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var info = await client.GetInfoAsync(Ct);

        info.Ncpu.ShouldBe(2);
        (await client.GetApiVersionAsync(Ct)).ShouldBe(new Version(1, 45));
    }

    [Fact]
    public async Task After_a_failed_connection_the_version_is_asked_for_again()
    {
        var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("[]"));
        var endpoint = engine.Endpoint;
        using var client = new EngineClient(endpoint, TimeProvider.System);
        await client.ListNetworksAsync(Ct);
        await engine.DisposeAsync();

        var error = await Should.ThrowAsync<EngineUnavailableException>(() => client.ListNetworksAsync(Ct));
        var second = await Should.ThrowAsync<EngineUnavailableException>(() => client.GetApiVersionAsync(Ct));

        error.Message.ShouldStartWith($"cannot connect to the Docker engine at unix://{engine.SocketPath}: there is no such socket");
        second.StatusCode.ShouldBe((HttpStatusCode?)null);
    }
}
