using System.Net.WebSockets;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class ReconnectTests
{
    [Fact]
    public async Task A_refusal_is_the_same_whatever_its_body_says()
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, number) =>
        {
            context.Response.StatusCode = 503;
            await context.Response.WriteAsync($"trace id {number * 7919}");
        };
        fixture.Start();
        await fixture.AdvanceUntilAsync("nine tries", () => fixture.Tries.Count >= 9);
        await fixture.StopAsync();
        fixture.Lines.ShouldContain(line => line.Contains("trace id 7919"));
        fixture.Lines.Count(line => line.Contains("Cannot connect")).ShouldBeLessThan(6);
    }

    [Fact]
    public async Task A_failure_that_nobody_foresaw_is_told_at_growing_intervals_like_any_other()
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Unforeseen = new NotSupportedException("the unforeseen");
        fixture.Start();
        await fixture.AdvanceUntilAsync("nine tries", () => fixture.Tries.Count >= 9);
        await fixture.StopAsync();
        fixture.Lines.Count(line => line.Contains("unexpected error")).ShouldBeLessThan(6);
        fixture.State.LastFailure.ShouldBe("the unforeseen");
    }

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
            await fixture.SettleAsync(seen);
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
        await fixture.AdvanceUntilAsync("the clone is recognised", () => fixture.Lines.Any(line => line.Contains("cloned")));
        fixture.Lines.ShouldContain(line => line.Contains("AGENT_NAME") && line.Contains("FORCE_UNIQUE_REGISTRATION"));
        fixture.Server.Connections.ShouldBe(3);
        await fixture.AdvanceUntilAsync("it is evicted again and again", () => fixture.Server.Connections >= 7);
        fixture.Lines.Count(line => line.Contains("cloned")).ShouldBeInRange(2, 3); // The 3rd, 4th and 6th time.
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
        await fixture.AdvanceUntilAsync("the server has said that it restarts", () => fixture.Lines.Any(line => line.Contains($"{status} service restart")));
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
        await fixture.AdvanceUntilAsync("the fourth connection is there", () => fixture.Server.Connections == 4 && fixture.State.IsConnected);
        fixture.Lines.Count(line => line.Contains("Connected to")).ShouldBe(3);
        await fixture.AdvanceUntilAsync("it is told of", () => fixture.Lines.Count(line => line.Contains("Connected to")) == 4);
    }
}
