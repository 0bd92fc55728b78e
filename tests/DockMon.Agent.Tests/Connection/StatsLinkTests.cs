using System.Net.WebSockets;
using System.Text;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Connection.Dialing;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class StatsLinkTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_token_is_tried_at_once_after_the_old_one_was_refused_and_the_old_one_is_not()
    {
        await using var server = await ScriptedServer.StartAsync();
        var shown = new List<string>();
        server.Script = async (context, _) =>
        {
            lock (shown)
            {
                shown.Add(context.Request.Headers.Authorization.ToString());
            }

            if (context.Request.Headers.Authorization != "Bearer new")
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            await new ScriptedConnection(await context.WebSockets.AcceptWebSocketAsync(), context).ReadToCloseAsync();
        };
        using var running = new Running(server);
        running.Link.UseToken("old");
        await Retry.UntilAsync("the old one was refused", () => server.Connections == 1, ct: Token);
        running.Link.UseToken("old");
        running.Link.UseToken("new");
        await Retry.UntilAsync("the socket is open", () => running.Link.IsOpen, ct: Token);
        shown.ShouldBe(["Bearer old", "Bearer new"]);
        await running.StopAsync();
    }

    [Fact]
    public async Task A_close_frame_is_answered_with_one()
    {
        await using var server = await ScriptedServer.StartAsync();
        var answer = new TaskCompletionSource<WebSocketCloseStatus?>();
        server.Script = async (context, _) =>
        {
            var connection = new ScriptedConnection(await context.WebSockets.AcceptWebSocketAsync(), context);
            await connection.CloseAsync((WebSocketCloseStatus)1012, "service restart");
            await connection.ReadToCloseAsync();
            answer.TrySetResult(connection.CloseStatus);
        };
        using var running = new Running(server);
        running.Link.UseToken("token");
        (await answer.Task.WaitAsync(Retry.DefaultTimeout, Token)).ShouldBe((WebSocketCloseStatus)1012);
        await running.StopAsync();
    }

    [Fact]
    public async Task Each_sample_is_one_message_and_there_is_no_other()
    {
        await using var server = await ScriptedServer.StartAsync();
        var received = new List<string>();
        server.Script = async (context, _) =>
        {
            var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer.AsMemory(), Token) is { MessageType: not WebSocketMessageType.Close } message)
            {
                lock (received)
                {
                    received.Add(Encoding.UTF8.GetString(buffer, 0, message.Count));
                }
            }
        };
        using var running = new Running(server);
        running.Link.UseToken("token");
        await Retry.UntilAsync("the socket is open", () => running.Link.IsOpen, ct: Token);
        foreach (var text in new[] { "one", "two", "three" })
        {
            running.Link.Post([new(text, Encoding.UTF8.GetBytes($"[{text}]"), 1..^1)]);
            await Retry.UntilAsync($"{text} is there", () => Count(text) > 0, ct: Token);
        }

        received.ShouldBe(["one", "two", "three"]);
        await running.StopAsync();

        int Count(string text)
        {
            lock (received)
            {
                return received.Count(message => message == text);
            }
        }
    }

    private sealed class Running : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Dialer _dialer;
        private readonly Task _running;

        public Running(ScriptedServer server)
        {
            var options = new AgentOptions { ServerUrl = server.Url };
            _dialer = new Dialer(options);
            Link = new StatsLink(options, _dialer, new Random(1), new FakeTimeProvider(), NullLogger<StatsLink>.Instance);
            _running = Link.RunAsync(_stop.Token);
        }

        public StatsLink Link { get; }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _running;
        }

        public void Dispose()
        {
            _stop.Dispose();
        }
    }
}
