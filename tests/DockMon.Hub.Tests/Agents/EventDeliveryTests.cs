using DockMon.Hub.Storage;
using DockMon.Hub.Storage.Tables;
using DockMon.Hub.Tests.Api;
using DockMon.Hub.Tests.Storage;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents;

/// <summary>An agent takes an event for delivered once a ping that it sent after it was answered.</summary>
public sealed class EventDeliveryTests : HubTests
{
    private static readonly string[] Actions = ["create", "start", "die", "destroy"];

    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_ping_after_an_event_is_answered_when_the_event_is_committed()
    {
        using var socket = await ConnectAsync();
        await DeliverAsync(socket);
    }

    [Fact]
    public async Task A_hub_that_ends_before_an_event_is_committed_has_not_answered_the_ping_and_gets_the_event_again()
    {
        var (socket, held) = await SendAndHoldAsync();
        var reading = socket.ReadToEndAsync(Token);
        var stopping = Hub.App.StopAsync(Token);
        (await reading).Opcodes.ShouldBeEmpty();
        socket.Dispose();
        _release.SetResult();
        await held;
        await stopping;

        await Hub.RestartAsync(Token);
        using var again = await ConnectAsync();
        await DeliverAsync(again);
    }

    [Fact]
    public async Task An_event_that_cannot_be_committed_for_long_costs_the_connection_and_stays_with_the_agent()
    {
        var (socket, held) = await SendAndHoldAsync();
        Hub.Time.Advance(EventWriter.LongestWait);
        var (opcodes, status, reason) = await socket.ReadToEndAsync(Token);
        opcodes.ShouldBeEmpty("no ping was answered");
        (status, reason).ShouldBe((1013, "the hub cannot store events now: they are wanted again later"));
        socket.Dispose();
        _release.SetResult();
        await held;

        using var again = await ConnectAsync();
        await DeliverAsync(again);
    }

    [Fact]
    public async Task Events_are_read_on_while_they_are_stored_and_a_ping_behind_them_waits_for_all()
    {
        using var socket = await ConnectAsync();
        var held = await HoldAsync();
        await socket.SendAsync(AgentSocket.Ping, "before", Token);
        (await socket.ReadControlAsync(Token)).Opcode.ShouldBe(AgentSocket.Pong);
        foreach (var action in Actions)
        {
            await socket.SendEventAsync(action, Token);
        }

        await socket.SendAsync(AgentSocket.Ping, "behind", Token);
        await Retry.UntilAsync("all events wait", () => Service<EventWriter>().Waits == Actions.Length, ct: Token);
        var answer = socket.ReadControlAsync(Token);
        _release.SetResult();
        await held;
        (await answer).Opcode.ShouldBe(AgentSocket.Pong);
        (await Service<IEvents>().ListAsync(Agent.HostId, 10, Token)).Select(e => e.GetProperty("action").GetString())
            .ShouldBe(Actions.Reverse());
        Feed().Where(item => item.Name == EventNames.ContainerEvent).Select(item => FeedText.Data(item).GetProperty("data").GetProperty("action").GetString())
            .ShouldBe(Actions);
    }

    [Fact]
    public async Task Events_of_many_sessions_are_committed_together_and_one_that_cannot_be_costs_no_other()
    {
        var sockets = new List<(RawSocket Socket, string Host)>();
        for (var i = 0; i < 10; i++)
        {
            var agent = await Hub.StartAgentAsync(Token, $"ENGINE:1{i}", $"many-{i}");
            sockets.Add((await RawSocket.RegisterAsync(
                new Uri(Hub.App.Urls.Single()),
                HubFixture.Request(agent.PermanentToken, $"ENGINE:1{i}"),
                Token), agent.HostId));
        }

        await BreakAsync("INSERT", "events", $"NEW.host_id = '{sockets[3].Host}'");
        var held = await HoldAsync();
        foreach (var (socket, _) in sockets)
        {
            await SendAsync(socket);
        }

        _release.SetResult();
        await held;
        foreach (var (socket, host) in sockets)
        {
            (await socket.ReadControlAsync(Token)).Opcode.ShouldBe(AgentSocket.Pong);
            (await Service<IEvents>().ListAsync(host, 10, Token)).Count.ShouldBe(host == sockets[3].Host ? 0 : 1);
            socket.Dispose();
        }
    }

    private Task<RawSocket> ConnectAsync() => RawSocket.RegisterAsync(new Uri(Hub.App.Urls.Single()), HubFixture.Request(Agent.PermanentToken), Token);

    /// <summary>Sends the event, which is stored once when the ping after it is answered.</summary>
    private async Task DeliverAsync(RawSocket socket)
    {
        await SendAsync(socket);
        (await socket.ReadControlAsync(Token)).Opcode.ShouldBe(AgentSocket.Pong);
        (await Service<IEvents>().ListAsync(Agent.HostId, 10, Token)).Count.ShouldBe(1);
    }

    /// <summary>Sends the event while nobody can write it, until the release.</summary>
    /// <returns>The socket, and what ends after the release.</returns>
    private async Task<(RawSocket Socket, Task Held)> SendAndHoldAsync()
    {
        var socket = await ConnectAsync();
        var held = await HoldAsync();
        await SendAsync(socket);
        await Retry.UntilAsync("an event waits", () => Service<EventWriter>().Waits > 0, ct: Token);
        return (socket, held);
    }

    private static async Task SendAsync(RawSocket socket)
    {
        await socket.SendEventAsync("die", Token);
        await socket.SendAsync(AgentSocket.Ping, "1", Token);
    }

    /// <summary>Keeps everybody from writing events until the release.</summary>
    private async Task<Task> HoldAsync()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var holding = Service<Database>().TransactAsync(
            async open =>
            {
                if (TestServer.IsUsed)
                {
                    await open.ExecuteAsync("LOCK TABLE events IN EXCLUSIVE MODE");
                }

                held.SetResult();
                await _release.Task;
                return 0;
            },
            Token);
        await Task.WhenAny(held.Task, holding);
        return holding;
    }
}
