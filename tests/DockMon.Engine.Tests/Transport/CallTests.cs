using System.Net;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Engine.Tests;

public sealed class CallTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"message":"No such container: abc"}""", "No such container: abc")]
    [InlineData("""{"cause":"x","message":"no such container","response":404}""", "no such container")]
    [InlineData("404 page not found\nand more", "404 page not found")]
    [InlineData("", "the Docker engine answered 404 Status")]
    [InlineData("""{"other":1}""", """{"other":1}""")]
    public async Task An_error_carries_the_engines_own_words(string body, string message)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(body, 404));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var error = await Should.ThrowAsync<EngineException>(() => client.InspectContainerAsync("abc", Ct));

        error.Message.ShouldBe(message);
        error.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Not_modified_is_success()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Empty(304));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.StartContainerAsync("abc", Ct);
        await client.StopContainerAsync("abc", 3, Ct);

        engine.Calls.Select(r => r.Line).ShouldBe(
            ["GET /_ping", "POST /v1.41/containers/abc/start", "POST /v1.41/containers/abc/stop?t=3"]);
    }

    [Fact]
    public async Task An_engine_that_does_not_answer_is_given_up_after_a_minute()
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.NeverAfter(arrived));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);

        var call = client.ListContainersAsync(false, Ct);
        await arrived.Task.WaitAsync(Ct);
        time.Advance(TimeSpan.FromSeconds(59));
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        var error = await Should.ThrowAsync<EngineTimeoutException>(() => call);
        error.Message.ShouldBe("timeout: the Docker engine did not answer within 60 s (GET /containers/json)");
    }

    [Fact]
    public async Task A_cancelled_call_is_cancelled_and_not_late()
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.NeverAfter(arrived));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        using var cancel = new CancellationTokenSource();

        var call = client.ListVolumesAsync(cancel.Token);
        await arrived.Task.WaitAsync(Ct);
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task An_answer_that_is_cut_short_is_a_broken_connection()
    {
        await using var engine = ScriptedEngine.Answering(_ => new ScriptedAnswer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineUnavailableException>(() => client.ListNetworksAsync(Ct))).Message.ShouldContain("broke");
    }

    [Fact]
    public async Task Ids_are_escaped_and_never_empty()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("{}"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.RenameContainerAsync("a/../b", "x y", Ct);
        await client.InspectImageAsync("sha256:12", Ct);

        engine.Calls.Select(r => r.Line).Skip(1).ShouldBe(
            ["POST /v1.41/containers/a%2F..%2Fb/rename?name=x%20y", "GET /v1.41/images/sha256%3A12/json"]);
        await Should.ThrowAsync<ArgumentException>(() => client.RemoveContainerAsync("", true, true, Ct));
    }
}
