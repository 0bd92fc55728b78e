using DockMon.Testing;

namespace DockMon.Engine.Tests;

/// <summary>
/// Whatever an engine or a proxy in front of it answers, it ends with an
/// <see cref="EngineException"/>, and the next request is as good as the first.
/// </summary>
public sealed class BrokenAnswerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("HTTP/1.1\r\n\r\n")]
    [InlineData("HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: two\r\nConnection: close\r\n\r\n{")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX: ")]
    public async Task An_answer_that_is_no_HTTP_or_is_cut_short_is_an_error_of_the_engine(string text)
    {
        var broken = true;
        await using var engine = ScriptedEngine.Answering(_ => broken ? new ScriptedAnswer(text) : ScriptedAnswer.Json("""{"Name":"good"}"""));
        (await Should.ThrowAsync<EngineException>(() => engine.Client.GetInfoAsync(Ct))).Message.ShouldNotBeEmpty();
        broken = false;
        (await engine.Client.GetInfoAsync(Ct)).Name.ShouldBe("good");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("<html>Bad gateway</html>")]
    [InlineData("{\"Name\":7}")]
    [InlineData("{\"Name\":\"x\"")]
    [InlineData("{\"Name\":\"x\"}{}")]
    [InlineData("{\"Name\":\"\\ud800\"}")]
    public async Task A_body_that_is_not_what_was_asked_for_is_an_error_that_names_the_request(string body)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(body));
        (await Should.ThrowAsync<EngineException>(() => engine.Client.GetInfoAsync(Ct))).Message.ShouldContain("/info");
    }

    [Theory]
    [InlineData(301)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(418)]
    [InlineData(500)]
    [InlineData(502)]
    public async Task A_status_that_is_no_success_has_the_first_line_of_the_body(int status)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("what went wrong\nand more of it", status));
        var error = await Should.ThrowAsync<EngineException>(() => engine.Client.GetInfoAsync(Ct));
        error.Message.ShouldContain("what went wrong");
        error.Message.ShouldNotContain("and more of it");
        ((int?)error.StatusCode).ShouldBe(status);
    }

    [Fact]
    public async Task A_header_without_an_end_is_given_up()
    {
        await using var engine = ScriptedEngine.Answering(_ => new ScriptedAnswer("HTTP/1.1 200 OK\r\nX: " + new string('x', 4 * 1024 * 1024) + "\r\n\r\n{}"));
        await Should.ThrowAsync<EngineException>(() => engine.Client.GetInfoAsync(Ct));
    }

    [Fact]
    public async Task A_request_that_is_given_up_is_cancelled_and_no_error_of_the_engine()
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.NeverAfter(arrived));
        using var gone = new CancellationTokenSource();
        var asking = engine.Client.GetInfoAsync(gone.Token);
        await arrived.Task.WaitAsync(Ct);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task An_engine_that_went_away_is_an_error_with_its_address()
    {
        var engine = new ScriptedEngine(("/info", 200, """{"Name":"first"}"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        (await client.GetInfoAsync(Ct)).Name.ShouldBe("first");
        await engine.DisposeAsync();
        (await Should.ThrowAsync<EngineException>(() => client.GetInfoAsync(Ct))).Message.ShouldContain(engine.SocketPath);
    }
}
