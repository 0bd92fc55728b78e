using System.Runtime.CompilerServices;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Protocol;

namespace DockMon.Hub.Bus.Streams;

/// <summary>Shells in containers, whichever hub their agents are connected to: those of another hub run over a stream.</summary>
internal sealed class AgentShells(AgentRegistry agents, HubStreams streams, HubIdentity self, Owners owners) : IAnswersHubs
{
    public void Register(HubLink link) => link.Answer(HubMessageKind.OpenShell, ServeAsync);

    /// <summary>Opens a shell.</summary>
    /// <exception cref="AgentException">The agent is not connected.</exception>
    public async Task<IAgentShell> OpenAsync(string hostId, string containerId, CancellationToken ct)
    {
        if (agents.Find(hostId) is { IsEnded: false } own)
        {
            return own.OpenShell(containerId);
        }

        if (owners.Find(hostId) is not { HubId: { } hub } session || hub == self.Id)
        {
            throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected");
        }

        var message = new HubMessage(HubMessageKind.OpenShell) { HostId = hostId, SessionId = session.SessionId, Name = containerId };
        return new RemoteShell(await streams.OpenAsync(hub, message, ct), streams);
    }

    private async Task<byte[]?> ServeAsync(HubMessage message)
    {
        if (message is not { HostId: { } host, Name: { } container } || agents.Find(host) is not { } session || session.Id != message.SessionId)
        {
            return null;
        }

        return await streams.ServeAsync(message, () =>
        {
            var shell = session.OpenShell(container);
            return stream => RunAsync(shell, stream);
        });
    }

    /// <summary>Runs a shell of an agent of this hub for a user of another one.</summary>
    private static async Task RunAsync(IAgentShell shell, BusStream stream)
    {
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

    private sealed class RemoteShell(BusStream stream, HubStreams streams) : IAgentShell
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

        public ValueTask DisposeAsync() => streams.CloseAsync(stream);
    }
}
