using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Hub.Api;
using DockMon.Hub.History;
using DockMon.Hub.Inventory;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Handles frames of registered agents.</summary>
internal sealed partial class AgentMessages(
    AgentRegistry agents,
    IEvents events,
    LiveSamples samples,
    InventoryUpdates inventory,
    EventFeed feed,
    TimeProvider time,
    ILogger<AgentMessages> logger)
{
    /// <summary>Maximum size of an event. Usual ones have a few kilobytes; events stay in memory for replay.</summary>
    public const int EventBytes = 1024 * 1024;

    // One per host and message.
    private readonly ConcurrentDictionary<(string HostId, string Kind), LogLimit> _limits = new();

    /// <summary>Handles one frame. An invalid frame does not end the connection.</summary>
    public async ValueTask HandleFrameAsync(AgentSession session, ReadOnlyMemory<byte> utf8, CancellationToken ct)
    {
        try
        {
            if (TryTakeSample(session.Host.Id, utf8.Span))
            {
                return;
            }

            await TakeFrameAsync(session, Frame.Parse(utf8.Span), utf8, ct);
        }
        catch (Exception e) when (IsInvalid(e))
        {
            Invalid(session.Host.Id, utf8.Length, e.Message);
        }
    }

    /// <summary>Handles a sample of the stats socket.</summary>
    public void TakeSample(string hostId, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            samples.Add(hostId, utf8.Span, isHost: false);
        }
        catch (Exception e) when (IsInvalid(e))
        {
            Invalid(hostId, utf8.Length, e.Message);
        }
    }

    /// <summary>Handles a frame that holds a sample. By far the most frames do: nothing is allocated for them.</summary>
    private bool TryTakeSample(string hostId, ReadOnlySpan<byte> utf8)
    {
        if (!SampleReader.TryFind(utf8, out var sample, out var isHost))
        {
            return false;
        }

        samples.Add(hostId, sample, isHost);
        feed.Publish(isHost ? FeedNames.HostStats : EventNames.ContainerStats, hostId, sample);
        return true;
    }

    // An escaped unpaired surrogate is valid JSON, and fails only where the text is read.
    private static bool IsInvalid(Exception e) => e is JsonException or InvalidOperationException;

    private bool MayTell(string hostId, string kind, out int count) => _limits.GetOrAdd((hostId, kind), _ => new LogLimit(time)).Happened(out count);

    private void Invalid(string hostId, int size, string reason)
    {
        if (MayTell(hostId, nameof(Log.FrameInvalid), out var count))
        {
            Log.FrameInvalid(logger, hostId, count, size, reason);
        }
    }

    private async ValueTask TakeFrameAsync(AgentSession session, Frame frame, ReadOnlyMemory<byte> utf8, CancellationToken ct)
    {
        var hostId = session.Host.Id;
        switch (frame.Type)
        {
            case FrameTypes.Event when frame.Command is { } name && frame.Payload is { } payload:
                await TakeEventAsync(session, name, payload, ct);
                break;
            case FrameTypes.Response or null when frame.RequestId is { } id:
                // The result of an operation is the whole frame.
                agents.Answered(hostId, id, frame.Type is null ? frame with { Payload = JsonElement.Parse(utf8.Span) } : frame);
                break;
            default:
                Log.FrameUnknown(logger, hostId, frame.Type ?? "(none)");
                break;
        }
    }

    private async ValueTask TakeEventAsync(AgentSession session, string name, JsonElement payload, CancellationToken ct)
    {
        var hostId = session.Host.Id;
        if (JsonMarshal.GetRawUtf8Value(payload).Length is > EventBytes and var size)
        {
            if (MayTell(hostId, nameof(Log.EventTooLarge), out var count))
            {
                Log.EventTooLarge(logger, hostId, count, size, EventBytes);
            }

            return;
        }

        switch (name)
        {
            case EventNames.ShellData:
                if (payload.Deserialize(ProtocolJson.Default.ShellData) is { SessionId: not null } data)
                {
                    session.TakeShell(data);
                }

                break;
            case EventNames.ContainerEvent when !await IsNewAsync(hostId, payload, ct):
                break; // Repeated by an agent that was not sure of the delivery.
            case var known when FeedNames.OfAgents.Contains(known):
                feed.Publish(known, hostId, payload);
                if (known == EventNames.ContainerEvent)
                {
                    inventory.Happened(hostId, payload);
                }

                break;
            default:
                // Not forwarded: listeners take the name of an event for the hub's own.
                Log.FrameUnknown(logger, hostId, "event " + name);
                break;
        }
    }

    /// <summary>Stores an event. One that cannot be stored is still forwarded.</summary>
    private async Task<bool> IsNewAsync(string hostId, JsonElement payload, CancellationToken ct)
    {
        try
        {
            return await events.AddAsync(hostId, payload, ct);
        }
        catch (DbException e)
        {
            if (MayTell(hostId, nameof(Log.EventNotStored), out var count))
            {
                Log.EventNotStored(logger, hostId, count, e.Message);
            }

            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Host {HostId} sent {Count} invalid frames since the last such message, the newest of {Size} bytes: {Reason}")]
        public static partial void FrameInvalid(ILogger logger, string hostId, int count, int size, string reason);

        [LoggerMessage(2, LogLevel.Debug, "Host {HostId} sent a frame of unknown type {Type}")]
        public static partial void FrameUnknown(ILogger logger, string hostId, string type);

        [LoggerMessage(3, LogLevel.Error, "Cannot store events of host {HostId} ({Count} since the last such message): {Reason}")]
        public static partial void EventNotStored(ILogger logger, string hostId, int count, string reason);

        [LoggerMessage(4, LogLevel.Warning,
            "Dropped {Count} events of host {HostId} since the last such message, the newest of {Size} bytes: the limit is {Limit} bytes")]
        public static partial void EventTooLarge(ILogger logger, string hostId, int count, int size, int limit);
    }
}
