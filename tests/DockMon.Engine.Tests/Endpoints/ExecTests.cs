using System.Text;
using DockMon.Testing;

namespace DockMon.Engine.Tests;

public sealed class ExecTests
{
    private const string Upgraded = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Input_goes_in_and_output_comes_out()
    {
        await using var engine = ScriptedEngine.Answering(_ => new ScriptedAnswer(Upgraded, Then: EchoAsync));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await using var stream = await client.StartExecAsync("e1", tty: true, Ct);
        await stream.WriteAsync("hello "u8.ToArray(), Ct);
        await stream.WriteAsync("there"u8.ToArray(), Ct);

        (await ReadAllAsync(stream)).ShouldBe("hello there");
        engine.Calls.Last().Body.ShouldBe("""{"Detach":false,"Tty":true}""");
    }

    [Fact]
    public async Task Without_a_terminal_the_frames_are_taken_off()
    {
        await using var engine = ScriptedEngine.Answering(_ => new ScriptedAnswer(Upgraded + "\u0001\0\0\0\0\0\0\u0003one\u0002\0\0\0\0\0\0\u0004 two"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await using var stream = await client.StartExecAsync("e1", tty: false, Ct);

        (await ReadAllAsync(stream)).ShouldBe("one two");
    }

    [Fact]
    public async Task What_to_run_is_said_in_the_engines_words()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"Id":"e1"}""", 201));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.CreateExecAsync("abc", new ExecOptions { Command = ["sh", "-c", "ls"], Tty = true, AttachStdin = true }, Ct)).ShouldBe("e1");

        engine.Calls.Last().Body.ShouldBe(
            """{"Cmd":["sh","-c","ls"],"Tty":true,"AttachStdin":true,"AttachStdout":true,"AttachStderr":true}""");
    }

    [Fact]
    public async Task A_proxy_that_does_not_upgrade_is_an_error()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineException>(() => client.StartExecAsync("e1", true, Ct))).Message.ShouldContain("did not open a stream");
    }

    private static async Task EchoAsync(Stream stream, CancellationToken ct)
    {
        var input = new byte["hello there".Length];
        await stream.ReadExactlyAsync(input, ct);
        await stream.WriteAsync(input, ct);
    }

    private static async Task<string> ReadAllAsync(EngineStream stream)
    {
        var (buffer, text) = (new byte[4], new StringBuilder());
        while (await stream.ReadAsync(buffer, Ct) is var count and > 0)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
