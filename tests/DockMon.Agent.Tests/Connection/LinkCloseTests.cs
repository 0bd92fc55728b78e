using System.Net.WebSockets;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class LinkCloseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(WebSocketCloseStatus.NormalClosure)]
    [InlineData((WebSocketCloseStatus)1012)]
    [InlineData((WebSocketCloseStatus)4000)]
    public async Task A_close_frame_is_answered_with_one(WebSocketCloseStatus status)
    {
        var answer = new TaskCompletionSource<WebSocketCloseStatus?>();
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            await connection.CloseAsync(status, "bye");
            await connection.ReadToCloseAsync();
            answer.TrySetResult(connection.CloseStatus);
        };
        fixture.Start();
        (await answer.Task.WaitAsync(LinkFixture.Patience, Token)).ShouldBe(status);
    }

    [Fact]
    public async Task The_close_frame_after_a_refusal_is_answered_too()
    {
        var answer = new TaskCompletionSource<WebSocketCloseStatus?>();
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.RefuseAsync(AuthRejections.InvalidToken);
            await connection.ReadToCloseAsync();
            answer.TrySetResult(connection.CloseStatus);
        };
        fixture.Start();
        (await answer.Task.WaitAsync(LinkFixture.Patience, Token)).ShouldBe(WebSocketCloseStatus.PolicyViolation);
    }

    [Fact]
    public async Task Told_to_stop_it_finishes_sends_the_last_answers_and_closes_with_1001()
    {
        var frames = new List<string>();
        var closed = new TaskCompletionSource<WebSocketCloseStatus?>();
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            while (await connection.ReadAsync() is { } frame)
            {
                frames.Add(frame);
            }

            closed.SetResult(connection.CloseStatus);
        };
        fixture.Finishing = () =>
        {
            fixture.Outbound.PostAnswer("the last answer"u8.ToArray());
            fixture.Outbound.PostCompletion("how it ended"u8.ToArray());
            return Task.CompletedTask;
        };
        fixture.Start();
        await Retry.UntilAsync("it is connected", () => fixture.Lines.Any(line => line.Contains("Connected to")), LinkFixture.Patience, Token);
        await fixture.StopAsync();
        (await closed.Task.WaitAsync(LinkFixture.Patience, Token)).ShouldBe(WebSocketCloseStatus.EndpointUnavailable);
        frames.ShouldBe(["the last answer", "how it ended"]);
        Directory.GetFiles(Path.Combine(fixture.DataPath, "outbox")).ShouldBeEmpty(); // It was waited for, and is not told again by the next start.
    }

    [Fact]
    public async Task Renewed_it_sends_what_waits_closes_with_1000_and_registers_again_at_once()
    {
        var frames = new List<string>();
        var closed = new TaskCompletionSource<WebSocketCloseStatus?>();
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, number) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            while (await connection.ReadAsync() is { } frame)
            {
                frames.Add(frame);
            }

            closed.TrySetResult(connection.CloseStatus);
        };
        fixture.Link.Renew(); // Of no effect: what it registers with is asked for when it does.
        fixture.Start();
        await Retry.UntilAsync("it is connected", () => fixture.State.IsConnected, LinkFixture.Patience, Token);
        fixture.Outbound.PostAnswer("an answer"u8.ToArray());
        fixture.Link.Renew();
        (await closed.Task.WaitAsync(LinkFixture.Patience, Token)).ShouldBe(WebSocketCloseStatus.NormalClosure);
        // The clock stands still: there is no delay before the next registration.
        await Retry.UntilAsync("it is connected again", () => fixture.Server.Connections == 2 && fixture.State.IsConnected, LinkFixture.Patience, Token);
        frames.ShouldBe(["an answer"]);
        fixture.Log.Text.ShouldContain("The connection was closed to register anew");
        fixture.Lines.Count(line => line.Contains("Connected to")).ShouldBe(2);
    }
}
