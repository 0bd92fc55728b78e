using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Protocol;

namespace DockMon.Hub.Bus;

/// <summary>Shells in containers, whichever hub their agents are connected to: those of another hub run over a stream.</summary>
internal sealed class AgentShells
{
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(10);

    private readonly AgentRegistry _agents;
    private readonly HubLink _link;
    private readonly HubIdentity _self;
    private readonly Owners _owners;
    private readonly ConcurrentDictionary<BusStream, string> _streams = new();
    private readonly ConcurrentDictionary<BusStream, Task> _serving = new();

    public AgentShells(AgentRegistry agents, HubLink link, HubIdentity self, Owners owners, Presence presence)
    {
        (_agents, _link, _self, _owners) = (agents, link, self, owners);
        presence.HubGone += OnHubGone;
        link.Serve(HubMessageKind.OpenShell, ServeAsync);
    }

    /// <summary>Opens a shell.</summary>
    /// <exception cref="AgentException">The agent is not connected.</exception>
    public async Task<IAgentShell> OpenAsync(string hostId, string containerId, CancellationToken ct)
    {
        if (_agents.Find(hostId) is { IsEnded: false } own)
        {
            return own.OpenShell(containerId);
        }

        if (_owners.Find(hostId) is not { HubId: { } hub } session || hub == _self.Id)
        {
            throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected");
        }

        var subject = _link.NewStream();
        var stream = await _link.OpenStreamAsync(subject, first: true, ct);
        _streams[stream] = hub;
        var shell = new RemoteShell(stream, () => _streams.TryRemove(stream, out _));
        try
        {
            var message = new HubMessage(HubMessageKind.OpenShell) { HostId = hostId, SessionId = session.SessionId, Name = containerId, Stream = subject };
            var (outcome, done) = await _link.RequestAsync(hub, message, OpenLimit, ct);
            return done ? shell
                : outcome == BusOutcome.Down
                ? throw new AgentException(AgentFailure.Unreachable, "the host's agent is connected to another hub, which cannot be reached now: NATS is down")
                : throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected, or its hub does not answer");
        }
        catch
        {
            // Also when the user is gone: the other hub may have opened it.
            await shell.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the shells that other hubs have here are over.</summary>
    public Task StopAsync()
    {
        foreach (var stream in _streams.Keys)
        {
            stream.End("the hub of the host is stopping");
        }

        return Task.WhenAll(_serving.Values);
    }

    private async Task<bool> ServeAsync(HubMessage message)
    {
        if (message is not { HostId: { } host, Name: { } container, Stream: { } subject } || _agents.Find(host) is not { } session
            || session.Id != message.SessionId)
        {
            return false;
        }

        var stream = await _link.OpenStreamAsync(subject, first: false, CancellationToken.None);
        try
        {
            var shell = session.OpenShell(container);
            _streams[stream] = message.Hub;
            var serving = RunAsync(shell, stream);
            _serving[stream] = serving;
            if (serving.IsCompleted)
            {
                _serving.TryRemove(stream, out _);
            }

            return true;
        }
        catch (AgentException)
        {
            await stream.DisposeAsync();
            return false;
        }
    }

    /// <summary>Runs a shell of an agent of this hub for a user of another one.</summary>
    private async Task RunAsync(IAgentShell shell, BusStream stream)
    {
        await using (stream)
        await using (shell)
        {
            using var ended = new CancellationTokenSource();
            var input = ReadInputAsync(shell, stream, ended.Token);
            var output = WriteOutputAsync(shell, stream, ended.Token);
            await Task.WhenAny(input, output);

            // A shell whose output is over has nothing to read; one whose input is over is told to end.
            await ended.CancelAsync();
            await Task.WhenAll(input, output);
        }

        _streams.TryRemove(stream, out _);
        _serving.TryRemove(stream, out _);
    }

    private static async Task ReadInputAsync(IAgentShell shell, BusStream stream, CancellationToken ct)
    {
        var closed = false;
        try
        {
            await foreach (var utf8 in stream.ReadAllAsync(ct))
            {
                if (JsonSerializer.Deserialize(utf8.Span, ProtocolJson.Default.ShellSession) is { } message)
                {
                    closed |= message.Action == "close";
                    await shell.SendAsync(message, ct);
                }
            }

            if (!closed)
            {
                // The user's hub is gone.
                await shell.SendAsync(new ShellSession { Action = "close" }, ct);
            }
        }
        catch (AgentException)
        {
            await CloseAsync(shell, closed);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The shell ended.
        }
    }

    private static async Task CloseAsync(IAgentShell shell, bool closed)
    {
        try
        {
            if (!closed)
            {
                await shell.SendAsync(new ShellSession { Action = "close" }, CancellationToken.None);
            }
        }
        catch (AgentException)
        {
            // The agent disconnected, which ended its shells.
        }
    }

    private static async Task WriteOutputAsync(IAgentShell shell, BusStream stream, CancellationToken ct)
    {
        try
        {
            await foreach (var message in shell.ReadAllAsync(ct))
            {
                await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(message, ProtocolJson.Default.ShellData), ct);
                if (message.Action is "closed" or "error")
                {
                    return;
                }
            }
        }
        catch (AgentException e)
        {
            stream.End(e.Message);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The user ended it.
        }
    }

    private void OnHubGone(string? hub)
    {
        foreach (var (stream, other) in _streams)
        {
            if (hub is null || other == hub)
            {
                stream.End("the connection between the hubs was lost");
            }
        }
    }

    private sealed class RemoteShell(BusStream stream, Action forget) : IAgentShell
    {
        public async IAsyncEnumerable<ShellData> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
        {
            await foreach (var utf8 in stream.ReadAllAsync(ct))
            {
                if (JsonSerializer.Deserialize(utf8.Span, ProtocolJson.Default.ShellData) is { } data)
                {
                    yield return data;
                }
            }
        }

        public async ValueTask SendAsync(ShellSession message, CancellationToken ct) =>
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(message, ProtocolJson.Default.ShellSession), ct);

        public ValueTask DisposeAsync()
        {
            forget();
            return stream.DisposeAsync();
        }
    }
}
