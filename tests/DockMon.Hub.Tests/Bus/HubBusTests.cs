using System.Collections.Concurrent;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Nats;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

/// <summary>What both buses do.</summary>
public abstract class HubBusTests
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected static TimeSpan Limit => TimeSpan.FromSeconds(60);

    /// <summary>The bus as two hubs have it.</summary>
    internal abstract Task<(IHubBus One, IHubBus Two)> ConnectAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(MessageParts.MaxBytes)]
    public async Task A_request_of_any_size_gets_its_answer(int size)
    {
        var (one, two) = await ConnectAsync();
        await using var served = await one.ServeAsync("test.echo", request => Task.FromResult(request.ToArray()), Token);
        await ReachesAsync(two, "test.echo");
        var message = new byte[size];
        new Random(size).NextBytes(message);
        var reply = await two.RequestAsync("test.echo", message, Limit, Token);
        reply.Outcome.ShouldBe(BusOutcome.Answered);
        reply.Message.Span.SequenceEqual(message).ShouldBeTrue();
    }

    [Fact]
    public async Task An_address_that_nobody_serves_says_so_at_once()
    {
        var (one, two) = await ConnectAsync();
        (await two.RequestAsync("test.nobody", new byte[10], Limit, Token)).Outcome.ShouldBe(BusOutcome.NoResponders);
        (await two.RequestAsync("test.nobody", new byte[1_000_000], Limit, Token)).Outcome.ShouldBe(BusOutcome.NoResponders);
        var served = await one.ServeAsync("test.nobody", _ => Task.FromResult(Array.Empty<byte>()), Token);
        await ReachesAsync(two, "test.nobody");
        await served.DisposeAsync();
        await Retry.UntilAsync(
            "nobody serves it again",
            async () => (await two.RequestAsync("test.nobody", new byte[10], TimeSpan.FromSeconds(1), Token)).Outcome == BusOutcome.NoResponders,
            ct: Token);
    }

    [Fact]
    public async Task Requests_are_served_side_by_side()
    {
        var (one, two) = await ConnectAsync();
        var both = new TaskCompletionSource();
        var count = 0;
        await using var served = await one.ServeAsync(
            "test.slow",
            async request =>
            {
                if (request.Length > 0 && Interlocked.Increment(ref count) == 2)
                {
                    both.SetResult();
                }

                await (request.Length > 0 ? both.Task : Task.CompletedTask);
                return request.ToArray();
            },
            Token);
        await ReachesAsync(two, "test.slow");
        var requests = await Task.WhenAll(two.RequestAsync("test.slow", new byte[1], Limit, Token), two.RequestAsync("test.slow", new byte[2], Limit, Token));
        requests.Select(reply => reply.Message.Length).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Messages_reach_all_subscribers_in_the_order_they_were_sent()
    {
        var (one, two) = await ConnectAsync();
        var heard = new ConcurrentQueue<int>[] { new(), new() };
        await using var first = await one.SubscribeAsync("test.all", message => heard[0].Enqueue(message.Length), Token);
        await using var second = await two.SubscribeAsync("test.all", message => heard[1].Enqueue(message.Length), Token);
        var number = 0;
        await Retry.UntilAsync("both hear", async () =>
        {
            (await two.PublishAsync("test.all", new byte[++number], Token)).ShouldBeTrue();
            return heard.All(messages => !messages.IsEmpty);
        }, ct: Token);
        for (var end = number + 500; number < end;)
        {
            await two.PublishAsync("test.all", new byte[++number], Token);
        }

        foreach (var messages in heard)
        {
            await Retry.UntilAsync("all came", () => messages.LastOrDefault() == number, ct: Token);
            messages.ShouldBe(Enumerable.Range(messages.First(), number - messages.First() + 1));
        }
    }

    [Fact]
    public async Task A_message_to_an_address_is_served_without_an_answer()
    {
        var (one, two) = await ConnectAsync();
        var heard = new ConcurrentQueue<int>();
        await using var served = await one.ServeAsync(
            "test.told",
            message =>
            {
                heard.Enqueue(message.Length);
                return Task.FromResult(Array.Empty<byte>());
            },
            Token);
        await ReachesAsync(two, "test.told");
        await two.PublishAsync("test.told", new byte[200_000], Token);
        await Retry.UntilAsync("it came", () => heard.Contains(200_000), ct: Token);
    }

    /// <summary>Waits until an address is served for another hub: to subscribe and to be known as subscribed are two things.</summary>
    private static Task ReachesAsync(IHubBus bus, string address) => Retry.UntilAsync(
        "the address is served", async () => (await bus.RequestAsync(address, Array.Empty<byte>(), Limit, Token)).Outcome == BusOutcome.Answered, ct: Token);
}

public sealed class InProcessBusTests : HubBusTests
{
    [Fact]
    public async Task A_bus_that_is_down_says_so()
    {
        var bus = new InProcessBus();
        var changes = new List<bool>();
        bus.Changed += changes.Add;
        bus.Set(up: false);
        (await bus.RequestAsync("test", default, Limit, Token)).Outcome.ShouldBe(BusOutcome.Down);
        (await bus.PublishAsync("test", default, Token)).ShouldBeFalse();
        bus.Set(up: true);
        changes.ShouldBe([false, true]);
    }

    internal override Task<(IHubBus One, IHubBus Two)> ConnectAsync()
    {
        var bus = new InProcessBus();
        return Task.FromResult<(IHubBus, IHubBus)>((bus, bus));
    }
}

public sealed class NatsBusTests : HubBusTests, IAsyncLifetime
{
    private readonly List<NatsBus> _buses = [];
    private NatsServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await NatsServer.StartAsync(Token);

    public async ValueTask DisposeAsync()
    {
        foreach (var bus in _buses)
        {
            await bus.DisposeAsync();
        }

        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_request_without_an_answer_is_unknown_and_one_after_the_server_ended_was_not_sent()
    {
        var (one, two) = await ConnectAsync();
        var asked = new TaskCompletionSource();
        var over = new TaskCompletionSource();
        await using var served = await one.ServeAsync(
            "test.silent",
            async _ =>
            {
                asked.TrySetResult();
                await over.Task;
                return [];
            },
            Token);
        await Retry.UntilAsync("the request arrives", async () =>
        {
            (await two.RequestAsync("test.silent", new byte[1], TimeSpan.FromMilliseconds(200), Token)).Outcome
                .ShouldBeOneOf(BusOutcome.Unknown, BusOutcome.NoResponders);
            return asked.Task.IsCompleted;
        }, ct: Token);
        var waiting = two.RequestAsync("test.silent", new byte[1], Limit, Token);
        await _server.KillAsync();
        (await waiting).Outcome.ShouldBe(BusOutcome.Unknown);
        await Retry.UntilAsync("the bus is down", () => !two.IsUp, ct: Token);
        (await two.RequestAsync("test.silent", new byte[1], Limit, Token)).Outcome.ShouldBe(BusOutcome.Down);
        (await two.PublishAsync("test.silent", new byte[1], Token)).ShouldBeFalse();
        over.SetResult();
    }

    [Fact]
    public async Task What_was_served_and_subscribed_is_so_again_when_the_server_is_back()
    {
        var (one, two) = await ConnectAsync();
        var heard = 0;
        await using var served = await one.ServeAsync("test.back", request => Task.FromResult(request.ToArray()), Token);
        await using var subscribed = await one.SubscribeAsync("test.back.all", _ => heard++, Token);
        await _server.KillAsync();
        await Retry.UntilAsync("both know", () => !one.IsUp && !two.IsUp, ct: Token);
        await _server.StartAgainAsync(Token);
        await Retry.UntilAsync(
            "the address is served",
            async () => (await two.RequestAsync("test.back", new byte[3], Limit, Token)).Outcome == BusOutcome.Answered,
            ct: Token);
        await Retry.UntilAsync("messages arrive", async () => await two.PublishAsync("test.back.all", new byte[1], Token) && heard > 0, ct: Token);
    }

    [Fact]
    public async Task A_bus_that_is_closed_while_it_is_used_is_down()
    {
        var (one, two) = await ConnectAsync();
        var over = new TaskCompletionSource<byte[]>();
        await using var served = await one.ServeAsync("test.closed", _ => over.Task, Token);
        await Retry.UntilAsync(
            "the address is served",
            async () => (await two.RequestAsync("test.closed", new byte[1], TimeSpan.FromMilliseconds(200), Token)).Outcome == BusOutcome.Unknown,
            ct: Token);
        var waiting = two.RequestAsync("test.closed", new byte[1], Limit, Token);
        await ((NatsBus)two).DisposeAsync();
        (await waiting).Outcome.ShouldBeOneOf(BusOutcome.Unknown, BusOutcome.Down);
        (await two.RequestAsync("test.closed", new byte[1], Limit, Token)).Outcome.ShouldBe(BusOutcome.Down);
        (await two.PublishAsync("test.closed", new byte[1], Token)).ShouldBeFalse();
        over.SetResult([]);
    }

    [Fact]
    public async Task A_handler_that_fails_leaves_the_address_served()
    {
        var (one, two) = await ConnectAsync();
        await using var served = await one.ServeAsync(
            "test.fails", request => request.Length > 0 ? throw new InvalidOperationException("of the test") : Task.FromResult<byte[]>([1]), Token);
        await Retry.UntilAsync(
            "the address is served",
            async () => (await two.RequestAsync("test.fails", default, Limit, Token)).Outcome == BusOutcome.Answered,
            ct: Token);
        (await two.RequestAsync("test.fails", new byte[1], TimeSpan.FromMilliseconds(200), Token)).Outcome.ShouldBe(BusOutcome.Unknown);
        (await two.RequestAsync("test.fails", default, Limit, Token)).Outcome.ShouldBe(BusOutcome.Answered);
    }

    internal override async Task<(IHubBus One, IHubBus Two)> ConnectAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            var bus = new NatsBus(NatsSettings.Parse(_server.Url, null, null), TimeProvider.System, NullLogger<NatsBus>.Instance);
            _buses.Add(bus);
            await bus.StartAsync(Token);
            await Retry.UntilAsync("the bus is up", () => bus.IsUp, ct: Token);
        }

        return (_buses[^2], _buses[^1]);
    }
}
