using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DockMon.Hub.Agents;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Streams;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>Followed logs, whichever hub their agents are connected to: those of another hub come over a stream.</summary>
internal sealed class AgentLogs(AgentRegistry agents, HubStreams streams, HubIdentity self, Owners owners, Presence presence) : IAnswersHubs
{
    /// <summary>First byte of a message with lines.</summary>
    private const byte Lines = 0;

    /// <summary>First byte of the last message.</summary>
    private const byte End = 1;

    public void Register(HubLink link) => link.Answer(HubMessageKind.OpenLog, ServeAsync);

    /// <summary>Has an agent follow a log.</summary>
    /// <exception cref="AgentException">The agent is not connected or cannot follow logs, or its hub cannot be reached.</exception>
    public async Task<IAgentLog> OpenAsync(string hostId, LogStreamRequest start, CancellationToken ct)
    {
        while (true)
        {
            if (agents.Find(hostId) is { IsEnded: false } own)
            {
                return own.Logs.Open(start);
            }

            if (owners.Find(hostId) is not { HubId: { } hub } session || hub == self.Id)
            {
                throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected");
            }

            try
            {
                var message = new HubMessage(HubMessageKind.OpenLog)
                {
                    HostId = hostId,
                    SessionId = session.SessionId,
                    Data = JsonSerializer.SerializeToUtf8Bytes(start, ProtocolJson.Default.LogStreamRequest),
                };
                return new RemoteLog(await streams.OpenAsync(hub, message, ct), streams);
            }
            catch (AgentException e) when (e.Failure == AgentFailure.NotConnected)
            {
                await presence.RefreshAsync(hostId, ct);
                if (owners.Find(hostId) == session)
                {
                    throw;
                }
            }
        }
    }

    private async Task<byte[]?> ServeAsync(HubMessage message)
    {
        if (message.HostId is not { } host || agents.Find(host) is not { } session || session.Id != message.SessionId
            || JsonSerializer.Deserialize(message.Data.Span, ProtocolJson.Default.LogStreamRequest) is not { } start)
        {
            return null;
        }

        return await streams.ServeAsync(message, () =>
        {
            var log = session.Logs.Open(start);
            return stream => RunAsync(log, stream);
        });
    }

    /// <summary>Passes a log of an agent of this hub on to a reader of another one.</summary>
    private static async Task RunAsync(IAgentLog log, BusStream stream)
    {
        await using (log)
        {
            using var ended = new CancellationTokenSource();
            var reader = WaitForEndAsync(stream, ended.Token);
            var lines = SendAsync(log, stream, ended.Token);
            await Task.WhenAny(reader, lines);
            await ended.CancelAsync();
            await Task.WhenAll(reader, lines);
        }
    }

    /// <summary>The reader sends nothing: what comes is the end, because it left or its hub is gone.</summary>
    private static async Task WaitForEndAsync(BusStream stream, CancellationToken ct)
    {
        try
        {
            await foreach (var _ in stream.ReadAllAsync(ct))
            {
                // Of a newer hub, perhaps.
            }
        }
        catch (AgentException)
        {
            // Its hub is gone: nobody is left to be told.
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The log ended.
        }
    }

    private static async Task SendAsync(IAgentLog log, BusStream stream, CancellationToken ct)
    {
        try
        {
            LogEnd end;
            try
            {
                await foreach (var data in log.ReadAllAsync(ct))
                {
                    await stream.WriteAsync(Message(Lines, data, ProtocolJson.Default.LogData), ct);
                }

                end = log.End ?? LogStreams.Failed("the log ended without a reason");
            }
            catch (AgentException e) when (e.Failure != AgentFailure.NotConnected)
            {
                end = LogStreams.Failed(e.Message);
            }

            await stream.WriteAsync(Message(End, end, ProtocolJson.Default.LogEnd), ct);
        }
        catch (AgentException e)
        {
            stream.End(e.Message);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The reader left.
        }
    }

    private static byte[] Message<T>(byte kind, T value, JsonTypeInfo<T> type) => [kind, .. JsonSerializer.SerializeToUtf8Bytes(value, type)];

    private sealed class RemoteLog(BusStream stream, HubStreams streams) : IAgentLog
    {
        public LogEnd? End { get; private set; }

        public async IAsyncEnumerable<LogData> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
        {
            await foreach (var message in stream.ReadAllAsync(ct))
            {
                if (message.Span[0] == AgentLogs.End)
                {
                    End = JsonSerializer.Deserialize(message.Span[1..], ProtocolJson.Default.LogEnd);
                }
                else if (JsonSerializer.Deserialize(message.Span[1..], ProtocolJson.Default.LogData) is { } data)
                {
                    yield return data;
                }
            }

            if (End is null)
            {
                throw new AgentException(AgentFailure.NotConnected, "the hub of the host ended the log");
            }
        }

        public ValueTask DisposeAsync() => streams.CloseAsync(stream);
    }
}
