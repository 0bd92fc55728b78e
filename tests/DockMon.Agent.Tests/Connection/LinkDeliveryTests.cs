using System.Collections.Concurrent;
using System.Net.WebSockets;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class LinkDeliveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Malformed_huge_and_deep_frames_leave_the_connection_as_it_is()
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            await connection.SendAsync("not json");
            await connection.SendAsync(new byte[20 * 1024 * 1024]);
            await connection.SendAsync(new string('[', 100_000));
            await connection.SendAsync("the last one");
            await connection.ReadAsync();
        };
        fixture.Start();
        await Retry.UntilAsync("the last frame came", () => fixture.Received.Contains("the last one"), LinkFixture.Patience, Token);
        fixture.Received.Count.ShouldBe(3);
        fixture.Lines.ShouldContain(line => line.Contains("20971520"));
        fixture.Server.Connections.ShouldBe(1);
    }

    [Fact]
    public async Task Events_of_a_minute_without_a_link_come_on_the_next_connection_each_once()
    {
        var events = new List<string>();
        await using var fixture = await LinkFixture.CreateAsync();
        var refuse = true;
        var cut = new TaskCompletionSource();
        fixture.Server.Script = async (context, number) =>
        {
            if (number > 1 && Volatile.Read(ref refuse))
            {
                context.Response.StatusCode = 503;
                return;
            }

            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            if (number == 1)
            {
                await cut.Task;
                connection.Drop();
                return;
            }

            while (await connection.ReadAsync() is { } frame)
            {
                lock (events)
                {
                    events.Add(frame);
                }
            }
        };
        fixture.Start();
        await Retry.UntilAsync("it is connected", () => fixture.Lines.Any(line => line.Contains("Connected to")), LinkFixture.Patience, Token);
        cut.SetResult();
        await Retry.UntilAsync("the link is cut", () => fixture.Lines.Any(line => line.Contains("Connection ended")), LinkFixture.Patience, Token);
        for (var i = 0; i < 60; i++)
        {
            fixture.Outbound.PostEvent(System.Text.Encoding.UTF8.GetBytes($"event {i}"));
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Volatile.Write(ref refuse, false);
        await fixture.AdvanceUntilAsync("all events came", () =>
        {
            lock (events)
            {
                return events.Count >= 60;
            }
        });
        events.ShouldBe(Enumerable.Range(0, 60).Select(i => $"event {i}"));
    }

    [Fact]
    public async Task A_sample_that_came_too_late_for_a_connection_does_not_go_out_on_the_next()
    {
        var frames = new ConcurrentQueue<string>();
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, number) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            if (number == 1)
            {
                await connection.CloseAsync(WebSocketCloseStatus.NormalClosure, "again, please");
                await connection.ReadAsync();
                return;
            }

            while (await connection.ReadAsync() is { } frame)
            {
                frames.Enqueue(frame);
            }
        };
        fixture.State.Disconnected += () => fixture.Outbound.PostStats("one", "too late"u8.ToArray());
        fixture.State.Connected += _ => fixture.Outbound.PostStats("another", "in time"u8.ToArray());
        fixture.Start();
        await fixture.AdvanceUntilAsync("a sample of the second connection came", () => !frames.IsEmpty);
        frames.ShouldBe(["in time"]);
    }

    [Fact]
    public async Task What_was_delivered_is_confirmed_by_the_answer_to_a_ping_and_leaves_the_disk()
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            await connection.ReadToCloseAsync();
        };
        fixture.Outbound.PostCompletion("done"u8.ToArray());
        fixture.Start();
        await Retry.UntilAsync("its file is gone", () => Directory.GetFiles(Path.Combine(fixture.DataPath, "outbox")).Length == 0, LinkFixture.Patience, Token);
        await Retry.UntilAsync("nothing is unconfirmed", () => !fixture.Outbound.Unconfirmed.Any, LinkFixture.Patience, Token);
        fixture.Server.Connections.ShouldBe(1);
    }
}
