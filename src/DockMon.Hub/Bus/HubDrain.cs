using System.Net.WebSockets;
using DockMon.Hub.Agents;

namespace DockMon.Hub.Bus;

/// <summary>
/// Closes the sockets of agents when the hub stops, in slices: thousands of agents that came to the other hubs at once would have to wait there.
/// </summary>
internal sealed class HubDrain : IDisposable
{
    /// <summary>Number of agents whose sockets are closed at once.</summary>
    public const int Slice = 200;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _closed = new();
    private readonly AgentRegistry _agents;
    private readonly TimeProvider _time;
    private readonly CancellationTokenRegistration _stopping;
    private Task _draining = Task.CompletedTask;

    public HubDrain(AgentRegistry agents, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        (_agents, _time) = (agents, time);
        Token = _closed.Token;
        _stopping = lifetime.ApplicationStopping.Register(() => _draining = DrainAsync());
    }

    /// <summary>Fires when the sockets of all agents were told to close.</summary>
    public CancellationToken Token { get; }

    /// <summary>Waits until all sockets were told to close.</summary>
    public Task WaitAsync() => _draining;

    public void Dispose()
    {
        _stopping.Dispose();
        _closed.Dispose();
    }

    private async Task DrainAsync()
    {
        foreach (var slice in _agents.Sessions().Chunk(Slice).SkipLast(1))
        {
            foreach (var session in slice)
            {
                session.End(WebSocketCloseStatus.EndpointUnavailable, AgentRegistry.Stopping);
            }

            await Task.Delay(Pause, _time);
        }

        _agents.Stop();
        await _closed.CancelAsync();
    }
}
