using System.Collections.Concurrent;
using System.Net.WebSockets;
using DockMon.Agent.Connection;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class ServerLinkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("accepts and drops")]
    [InlineData("says 503")]
    [InlineData("registers and drops")]
    [InlineData("registers and says that it restarts")]
    public async Task A_server_that_fails_sees_no_more_than_the_backoff_allows(string how)
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            switch (how)
            {
                case "accepts and drops":
                    await ScriptedServer.AcceptAsync(context);
                    context.Abort();
                    break;
                case "says 503":
                    context.Response.StatusCode = 503;
                    await context.Response.WriteAsync("upstream is down\nsecond line");
                    break;
                case "registers and drops":
                    await (await ScriptedServer.AcceptAsync(context)).WelcomeAsync();
                    context.Abort();
                    break;
                default:
                    var connection = await ScriptedServer.AcceptAsync(context);
                    await connection.WelcomeAsync();
                    await connection.CloseAsync((WebSocketCloseStatus)1012, "service restart");
                    await connection.ReadAsync();
                    break;
            }
        };
        fixture.Start();

        // Ten minutes of the agent's clock. The ceilings are 1, 1.2, 1.44, … 30, 30… s; the mean delay is three quarters of that.
        var seen = 0;
        for (var second = 0; second < 600; second++)
        {
            await SettleAsync(fixture, seen);
            seen = fixture.Server.Connections;
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
        }

        fixture.Server.Connections.ShouldBeInRange(8, 60);
        // The 1st, 2nd, 4th, 8th, 16th and 32nd; and an aborted connection breaks in several ways.
        var told = fixture.Lines.Where(line => line.Contains("Next try in")).ToList();
        told.GroupBy(line => line[..line.IndexOf("Next try in", StringComparison.Ordinal)]).ShouldAllBe(same => same.Count() <= 6);
        told.Count.ShouldBeLessThan(fixture.Server.Connections);
        fixture.Lines.Count(line => line.Contains("Connected to")).ShouldBeLessThanOrEqualTo(told.Count + 1);
        if (how == "says 503")
        {
            fixture.Lines.ShouldContain(line => line.Contains("503") && line.Contains("upstream is down") && !line.Contains("second line"));
        }
    }

    [Theory]
    [InlineData(AuthRejections.InvalidToken, "copying errors")]
    [InlineData(AuthRejections.ExpiredToken, "15 minutes")]
    [InlineData(AuthRejections.UsedUpToken, "used already")]
    [InlineData(AuthRejections.WrongEngine, "another machine")]
    [InlineData("Host with this engine is already registered by another agent", "remove that host")]
    [InlineData(AuthRejections.InvalidData + "hostname", "may be of versions")]
    public async Task A_refused_token_waits_the_maximum_and_the_log_says_what_to_do(string rejection, string remedy)
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) => await (await ScriptedServer.AcceptAsync(context)).RefuseAsync(rejection);
        fixture.Start();
        await Retry.UntilAsync("the refusal is logged", () => fixture.Lines.Any(line => line.Contains("refused")), Patience, Token);
        fixture.Lines.ShouldContain(line => line.Contains(rejection) && line.Contains(remedy) && line.Contains("60"));

        fixture.Time.Advance(TimeSpan.FromSeconds(59));
        fixture.Server.Connections.ShouldBe(1);
        await Retry.UntilAsync(
            "it tries again after the maximum",
            () =>
            {
                fixture.Time.Advance(TimeSpan.FromSeconds(1));
                return fixture.Server.Connections == 2;
            },
            Patience,
            Token);
    }

    [Fact]
    public async Task The_permanent_token_is_kept_with_mode_0600_and_used_from_then_on_and_never_logged()
    {
        var registers = new List<string>();
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            lock (registers)
            {
                registers.Add(connection.Register);
            }

            await connection.WelcomeAsync("secret-permanent-token");
            await connection.CloseAsync(WebSocketCloseStatus.NormalClosure, "again, please");
            await connection.ReadAsync();
        };
        fixture.Start();
        await AdvanceUntilAsync(fixture, "a second registration", () =>
        {
            lock (registers)
            {
                return registers.Count >= 2;
            }
        });
        await fixture.StopAsync();

        registers[0].ShouldContain("\"token\":\"one-time\"");
        registers[1].ShouldContain("\"token\":\"secret-permanent-token\"");
        var file = Path.Combine(fixture.DataPath, "permanent_token");
        File.ReadAllText(file).Trim().ShouldBe("secret-permanent-token");
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        fixture.Lines.ShouldContain(line => line.Contains("the permanent token is kept in"));
        fixture.Lines.ShouldNotContain(line => line.Contains("secret") || line.Contains("one-"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\u00e9b")]
    public async Task A_permanent_token_that_is_none_does_not_replace_the_one_that_is_kept(string token)
    {
        await using var fixture = await LinkFixture.CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(fixture.DataPath, "permanent_token"), "good", Token);
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync(token);
            await connection.ReadAsync();
        };
        fixture.Start();
        await Retry.UntilAsync("it is refused", () => fixture.Lines.Any(line => line.Contains("permanent token that is none")), Patience, Token);
        File.ReadAllText(Path.Combine(fixture.DataPath, "permanent_token")).ShouldBe("good");
    }

    [Fact]
    public async Task A_stored_token_that_is_refused_gives_way_to_the_registration_token()
    {
        var registers = new List<string>();
        await using var fixture = await LinkFixture.CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(fixture.DataPath, "permanent_token"), "old", Token);
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            lock (registers)
            {
                registers.Add(connection.Register);
            }

            if (connection.Register.Contains("\"old\""))
            {
                await connection.RefuseAsync(AuthRejections.InvalidToken);
            }
            else
            {
                await connection.WelcomeAsync("new");
                await connection.ReadAsync();
            }
        };
        fixture.Start();
        await AdvanceUntilAsync(fixture, "the new token is stored", () => File.ReadAllText(Path.Combine(fixture.DataPath, "permanent_token")).Trim() == "new");
        registers.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Two_agents_that_evict_each_other_are_told_apart_and_slow_down()
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            await connection.CloseAsync(WebSocketCloseStatus.NormalClosure, "New connection established");
            await connection.ReadAsync();
        };
        fixture.Start();
        await AdvanceUntilAsync(fixture, "the clone is recognised", () => fixture.Lines.Any(line => line.Contains("cloned")));
        fixture.Lines.ShouldContain(line => line.Contains("AGENT_NAME") && line.Contains("FORCE_UNIQUE_REGISTRATION"));
        fixture.Server.Connections.ShouldBe(3);
        await AdvanceUntilAsync(fixture, "it is evicted again and again", () => fixture.Server.Connections >= 7);
        fixture.Lines.Count(line => line.Contains("cloned")).ShouldBeInRange(2, 3); // The 3rd, 4th and 6th time.
    }

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
        await Retry.UntilAsync("the last frame came", () => fixture.Received.Contains("the last one"), Patience, Token);
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
        await Retry.UntilAsync("it is connected", () => fixture.Lines.Any(line => line.Contains("Connected to")), Patience, Token);
        cut.SetResult();
        await Retry.UntilAsync("the link is cut", () => fixture.Lines.Any(line => line.Contains("Connection ended")), Patience, Token);
        for (var i = 0; i < 60; i++)
        {
            fixture.Outbound.PostEvent(System.Text.Encoding.UTF8.GetBytes($"event {i}"));
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Volatile.Write(ref refuse, false);
        await AdvanceUntilAsync(fixture, "all events came", () =>
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
        await AdvanceUntilAsync(fixture, "a sample of the second connection came", () => !frames.IsEmpty);
        frames.ShouldBe(["in time"]);
    }

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
        (await answer.Task.WaitAsync(Patience, Token)).ShouldBe(status);
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
        (await answer.Task.WaitAsync(Patience, Token)).ShouldBe(WebSocketCloseStatus.PolicyViolation);
    }

    [Theory]
    [InlineData(1001)]
    [InlineData(1012)]
    [InlineData(1013)]
    public async Task A_server_that_says_that_it_restarts_is_tried_again_at_once_whatever_was_before(int status)
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, number) =>
        {
            if (number <= 10)
            {
                context.Response.StatusCode = 503;
                return;
            }

            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            await connection.CloseAsync((WebSocketCloseStatus)status, "service restart");
            await connection.ReadToCloseAsync();
        };
        fixture.Start();
        await AdvanceUntilAsync(fixture, "the server has said that it restarts", () => fixture.Lines.Any(line => line.Contains($"{status} service restart")));
        var line = fixture.Lines.First(line => line.Contains($"{status} service restart"));
        double.Parse(line.Split("Next try in ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture).ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public async Task A_connection_that_lasts_after_many_that_did_not_is_told_of()
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, number) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            if (number <= 3)
            {
                await connection.CloseAsync(WebSocketCloseStatus.InternalServerError, "again");
            }

            await connection.ReadToCloseAsync();
        };
        fixture.Start();
        await AdvanceUntilAsync(fixture, "the fourth connection is there", () => fixture.Server.Connections == 4 && fixture.State.IsConnected);
        fixture.Lines.Count(line => line.Contains("Connected to")).ShouldBe(3);
        await AdvanceUntilAsync(fixture, "it is told of", () => fixture.Lines.Count(line => line.Contains("Connected to")) == 4);
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
        await Retry.UntilAsync("its file is gone", () => Directory.GetFiles(Path.Combine(fixture.DataPath, "outbox")).Length == 0, Patience, Token);
        await Retry.UntilAsync("nothing is unconfirmed", () => !fixture.Outbound.Unconfirmed.Any, Patience, Token);
        fixture.Server.Connections.ShouldBe(1);
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
        await Retry.UntilAsync("it is connected", () => fixture.Lines.Any(line => line.Contains("Connected to")), Patience, Token);
        await fixture.StopAsync();
        (await closed.Task.WaitAsync(Patience, Token)).ShouldBe(WebSocketCloseStatus.EndpointUnavailable);
        frames.ShouldBe(["the last answer", "how it ended"]);
        Directory.GetFiles(Path.Combine(fixture.DataPath, "outbox")).ShouldBeEmpty(); // It was waited for, and is not told again by the next start.
    }

    [Theory]
    [InlineData("ws://192.0.2.1:8080", true)]
    [InlineData("http://dockmon.example", true)]
    [InlineData("wss://dockmon.example", false)]
    [InlineData("ws://localhost:8080", false)]
    [InlineData("ws://127.0.0.2:8080", false)]
    [InlineData("ws://[::1]:8080", false)]
    public async Task A_connection_to_another_machine_without_TLS_is_a_warning(string server, bool warned)
    {
        await using var fixture = await LinkFixture.CreateAsync(("DOCKMON_URL", server));
        await fixture.StopAsync(); // So that nobody is dialled.
        fixture.Start();
        await fixture.StopAsync();
        fixture.Lines.Any(line => line.StartsWith("Warning") && line.Contains("not encrypted") && line.Contains(new Uri(server).Authority)).ShouldBe(warned);
    }

    [Theory]
    [InlineData("ws://h:1", "ws://h:1/api/agent/ws")]
    [InlineData("wss://h/", "wss://h/api/agent/ws")]
    [InlineData("wss://h/dockmon", "wss://h/dockmon/api/agent/ws")]
    [InlineData("wss://h/a/b/", "wss://h/a/b/api/agent/ws")]
    public void A_path_prefix_is_kept_and_joined_with_one_slash(string server, string endpoint) =>
        Dialer.Endpoint(new Uri(server), ProtocolLimits.ControlPath).ToString().ShouldBe(new Uri(endpoint).ToString());

    /// <summary>Turns the clock second by second until a condition holds.</summary>
    private static Task AdvanceUntilAsync(LinkFixture fixture, string reason, Func<bool> condition) =>
        Retry.UntilAsync(
            reason,
            () =>
            {
                if (condition())
                {
                    return true;
                }

                fixture.Time.Advance(TimeSpan.FromSeconds(1));
                return false;
            },
            Patience,
            Token);

    /// <summary>After a new connection, waits until the agent has said how a try ended; otherwise gives it a moment to make one.</summary>
    private static Task SettleAsync(LinkFixture fixture, int seen) =>
        fixture.Server.Connections == seen
            ? Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Token)
            : Retry.UntilAsync("a try has ended", () => fixture.Lines.Any(line => line.Contains("Next try in")), Patience, Token);
}
