using DockMon.Hub.Agents;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Storage;
using DockMon.Hub.Tests.Api;
using DockMon.Hub.Tests.Storage;
using DockMon.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DockMon.Hub.Tests;

/// <summary>Tests of a hub with one registered agent: both are new for each test.</summary>
public abstract class HubTests : IAsyncLifetime
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected HubFixture Hub { get; private set; } = null!;

    private protected FakeAgent Agent { get; private set; } = null!;

    private protected AgentRegistry Agents => Service<AgentRegistry>();

    protected bool IsConnected => Agents.IsConnected(Agent.HostId);

    /// <summary>The path of the agent's host in the API.</summary>
    protected string HostPath => "/api/hosts/" + Agent.HostId;

    public async ValueTask InitializeAsync()
    {
        Hub = await HubFixture.StartAsync(Token);
        Agent = await Hub.StartAgentAsync(Token);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Hub.DisposeAsync();
    }

    private protected T Service<T>()
        where T : notnull => Hub.App.Services.GetRequiredService<T>();

    /// <summary>Has the database do what it would not do by itself.</summary>
    protected Task ExecuteAsync(string sql) => Service<Database>().ExecuteAsync(sql, Token);

    /// <summary>Has a change of a table fail, as on a full disk, until <see cref="MendAsync"/>.</summary>
    protected Task BreakAsync(string change, string table, string when = "1 = 1") =>
        TestDatabase.BreakAsync(Service<Database>(), change, table, Token, when);

    protected Task MendAsync() => TestDatabase.MendAsync(Service<Database>(), Token);

    /// <summary>Everything that the feed would replay now.</summary>
    private protected List<FeedItem> Feed()
    {
        var feed = Service<EventFeed>();
        var listener = feed.Listen(0);
        feed.Leave(listener);
        return FeedText.TakeAll(listener);
    }

    /// <summary>Waits until the hub has read everything that the agent sent so far.</summary>
    protected async Task UntilReadAsync()
    {
        var marker = Guid.NewGuid().ToString();
        await Agent.SendEventAsync("update_complete", $$"""{"marker":"{{marker}}"}""", Token);
        await Retry.UntilAsync(
            "the hub has read what was sent",
            () => Feed().Any(item => FeedText.Lines(item)[2].Contains(marker, StringComparison.Ordinal)),
            ct: Token);
    }

    /// <summary>Waits until the hub knows that the agent is gone.</summary>
    protected async Task LoseAgentAsync()
    {
        Agent.Socket.Abort();
        await Retry.UntilAsync("the hub knows that the agent is gone", () => !IsConnected, ct: Token);
    }
}
