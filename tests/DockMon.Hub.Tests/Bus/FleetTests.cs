using System.Net;
using System.Text.Json;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Nats;
using DockMon.Hub.Tests.Api;
using DockMon.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

/// <summary>Tests of two hubs with one database and one bus.</summary>
public abstract class FleetTests : IAsyncLifetime
{
    private readonly TemporaryFolder _data = new();
    private readonly List<HubFixture> _hubs = [];

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected HubFixture One => _hubs[0];

    private protected HubFixture Two => _hubs[1];

    private protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    public async ValueTask InitializeAsync()
    {
        await PrepareAsync();
        await StartAsync();
        await StartAsync();
        await Retry.UntilAsync("the hubs know each other", () => _hubs.All(hub => Service<Owners>(hub).Hubs.Count == 1), ct: Token);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var hub in _hubs)
        {
            await hub.DisposeAsync();
        }

        _data.Dispose();
    }

    private protected static T Service<T>(HubFixture hub)
        where T : notnull => hub.App.Services.GetRequiredService<T>();

    /// <summary>What the feed of a hub has, by name, of one host.</summary>
    private protected static List<string> Feed(HubFixture hub, string hostId)
    {
        var feed = Service<EventFeed>(hub);
        var listener = feed.Listen(0);
        feed.Leave(listener);
        return [.. FeedText.TakeAll(listener).Where(item => FeedText.Data(item).GetProperty("host_id").GetString() == hostId).Select(item => item.Name)];
    }

    private protected static string Path(FakeAgent agent, string rest = "") => $"/api/hosts/{agent.HostId}{rest}";

    private protected static Task<(HttpStatusCode Status, string Body)> CommandAsync(HubFixture hub, FakeAgent agent, string command, double limit = 30) =>
        hub.AskAsync(HttpMethod.Post, Path(agent, $"/command?timeout_seconds={limit}"), $$"""{"command":"{{command}}"}""", Token);

    private protected static async Task<bool> IsConnectedAsync(HubFixture hub, FakeAgent agent) =>
        JsonElement.Parse((await hub.AskAsync(HttpMethod.Get, Path(agent), null, Token)).Body).GetProperty("connected").GetBoolean();

    /// <summary>Starts an agent at the first hub that the second one knows of.</summary>
    private protected async Task<FakeAgent> StartAgentAsync(params string[] extensions)
    {
        var agent = await One.StartAgentAsync(Token, extensions: extensions);
        await UntilConnectedAsync(Two, agent);
        return agent;
    }

    private protected static Task UntilConnectedAsync(HubFixture hub, FakeAgent agent, bool connected = true) =>
        Retry.UntilAsync(
            connected ? "the hub knows the agent" : "the hub knows that the agent is gone",
            async () => await IsConnectedAsync(hub, agent) == connected,
            ct: Token);

    private protected async Task<HubFixture> StartAsync()
    {
        var hub = await StartHubAsync(_data.Path, Time);
        _hubs.Add(hub);
        return hub;
    }

    protected virtual Task PrepareAsync() => Task.CompletedTask;

    private protected abstract Task<HubFixture> StartHubAsync(string data, FakeTimeProvider time);

    private protected static Task<HubFixture> StartHubAsync(string data, FakeTimeProvider time, IHubBus? bus, NatsSettings? nats) => HubFixture.StartAsync(
        async () => new HubOptions
        {
            Urls = "http://127.0.0.1:0",
            DataPath = data,
            Database = HubFixture.DatabaseOf is { } other ? await other(data) : null,
            AdminKey = HubFixture.AdminKey,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            PasswordRounds = 100,
            Bus = bus,
            Nats = nats,
        },
        time,
        Token);
}
