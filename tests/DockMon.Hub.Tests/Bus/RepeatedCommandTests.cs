using System.Net;
using System.Text.Json;
using DockMon.Hub.Bus;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

public sealed class RepeatedCommandTests : HubTests
{
    [Fact]
    public async Task Commands_over_connections_that_break_all_the_time_are_done_once_each()
    {
        var agent = new CuttingAgent([Hub], await Hub.ReconnectAsync(Agent, Token, ExtensionNames.CommandIds), seed: 7);
        await RunAsync(agent, [Hub], commands: 100, Token);
        agent.Cuts.ShouldBeGreaterThan(50);
    }

    [Fact]
    public async Task Only_an_agent_that_remembers_what_it_was_asked_is_asked_again()
    {
        var asking = CommandAsync();
        var request = await Agent.ReadFrameAsync(Token);
        var again = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.CommandIds);
        var next = again.ReadFrameAsync(Token);
        await AssertTimesOutAsync(asking);
        next.IsCompleted.ShouldBeFalse("the agent did not remember anything on the connection of the request");

        asking = CommandAsync();
        (await next).GetProperty("id").GetString().ShouldNotBe(request.GetProperty("id").GetString());
        var last = await Hub.ReconnectAsync(Agent, Token);
        next = last.ReadFrameAsync(Token);
        await AssertTimesOutAsync(asking);
        next.IsCompleted.ShouldBeFalse("the agent does not remember anything any more");
    }

    [Fact]
    public async Task A_command_is_not_sent_again_without_end()
    {
        var agent = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.CommandIds);
        var asking = CommandAsync();
        var ids = new HashSet<string?>();
        for (var sent = 0; sent < AgentRequests.MostSends; sent++)
        {
            ids.Add((await agent.ReadFrameAsync(Token)).GetProperty("id").GetString());
            agent = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.CommandIds);
        }

        ids.Count.ShouldBe(1);
        var next = agent.ReadFrameAsync(Token);
        await AssertTimesOutAsync(asking);
        next.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_command_whose_agent_stays_away_ends_in_time_and_says_that_it_may_have_been_done()
    {
        var agent = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.CommandIds);
        var asking = CommandAsync();
        await agent.ReadFrameAsync(Token);
        agent.Socket.Abort();
        await Retry.UntilAsync("it is gone", () => !IsConnected, ct: Token);
        asking.IsCompleted.ShouldBeFalse();
        await AssertTimesOutAsync(asking);
    }

    /// <summary>Has users of hubs send commands until each has an answer, and asserts that each was done once.</summary>
    internal static async Task RunAsync(CuttingAgent agent, IReadOnlyList<HubFixture> hubs, int commands, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var running = agent.RunAsync(over.Token);
        for (var i = 0; i < commands; i++)
        {
            var (path, body) = ($"/api/hosts/{agent.HostId}/command", $$$"""{"command":"create_network","payload":{"name":"n{{{i}}}"}}""");
            var (status, answer) = (HttpStatusCode.Conflict, "");
            await Retry.UntilAsync("the agent is there", async () =>
            {
                (status, answer) = await hubs[i % hubs.Count].AskAsync(HttpMethod.Post, path, body, ct);
                return status != HttpStatusCode.Conflict;
            }, ct: ct);
            status.ShouldBe(HttpStatusCode.OK, answer);
            JsonElement.Parse(answer).GetProperty("name").GetString().ShouldBe($"n{i}");
        }

        await over.CancelAsync();
        await running;
        agent.Executions.Count.ShouldBe(commands);
        agent.Executions.Values.ShouldAllBe(count => count == 1);
    }

    private Task<(HttpStatusCode Status, string Body)> CommandAsync() =>
        Hub.AskAsync(HttpMethod.Post, HostPath + "/command", $$"""{"command":"{{CommandNames.PruneImages}}"}""", Token);

    private async Task AssertTimesOutAsync(Task<(HttpStatusCode Status, string Body)> asking)
    {
        await Retry.UntilAsync("it is late", () =>
        {
            Hub.Time.Advance(TimeSpan.FromSeconds(5));
            return asking.IsCompleted;
        }, ct: Token);
        var (status, body) = await asking;
        status.ShouldBe(HttpStatusCode.GatewayTimeout);
        body.ShouldContain("may have been done");
    }
}
