using System.Data.Common;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Hub.History.Live;
using DockMon.Hub.Inventory;
using DockMon.Hub.Operations;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Handles frames of registered agents.</summary>
// More than six parameters: it stands between all that agents send and all that takes it.
internal sealed partial class AgentMessages(
    AgentRequests requests,
    IEvents events,
    HostPolicies policies,
    LiveSamples samples,
    InventoryUpdates inventory,
    OperationUpdates operations,
    EventFeed feed,
    TimeProvider time,
    ILogger<AgentMessages> logger)
{
    /// <summary>Maximum size of an event. Usual ones have a few kilobytes; events stay in memory for replay.</summary>
    public const int EventBytes = 1024 * 1024;

    /// <summary>Maximum size of an event that is stored.</summary>
    public const int StoredEventBytes = 64 * 1024;

    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    /// <summary>Maximum number of actions in a policy. Agents know about 40.</summary>
    private const int MostActions = 500;

    private readonly LogLimit _notStored = new(time);

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
            Invalid(session.Quota, utf8.Length, e.Message);
        }
    }

    /// <summary>Handles a sample of the stats socket.</summary>
    public void TakeSample(HostQuota quota, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            samples.Add(quota.HostId, utf8.Span, isHost: false);
        }
        catch (Exception e) when (IsInvalid(e))
        {
            Invalid(quota, utf8.Length, e.Message);
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

    private static void Invalid(HostQuota quota, int size, string reason) => quota.Reach(HostLimit.InvalidFrames, $"a frame of {size} bytes: {reason}");

    private async ValueTask TakeFrameAsync(AgentSession session, Frame frame, ReadOnlyMemory<byte> utf8, CancellationToken ct)
    {
        var hostId = session.Host.Id;
        switch (frame.Type)
        {
            case FrameTypes.Event when frame.Command is { } name && frame.Payload is { } payload:
                await TakeEventAsync(session, name, payload, ct);
                break;
            case FrameTypes.Response or null when frame.RequestId is { } id:
                await requests.AnsweredAsync(hostId, id, frame, utf8, ct);
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
            session.Quota.Reach(HostLimit.LargeEvents, $"an event of {size} bytes was dropped, the limit is {EventBytes} bytes");
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
            case EventNames.LogData:
                if (payload.Deserialize(ProtocolJson.Default.LogData) is { StreamId: not null, Lines: not null } log)
                {
                    session.Logs.Take(log);
                }

                break;
            case EventNames.LogEnd:
                if (payload.Deserialize(ProtocolJson.Default.LogEnd) is { StreamId: not null, Reason: not null } end)
                {
                    session.Logs.Take(end);
                }

                break;
            case EventNames.Policy:
                await KeepPolicyAsync(hostId, payload, ct);
                break;
            case EventNames.ContainerEvent when !await IsNewAsync(session, payload, ct):
                break; // Repeated by an agent that was not sure of the delivery.
            case var known when FeedNames.OfAgents.Contains(known):
                feed.Publish(known, hostId, payload);
                await operations.TakeAsync(hostId, known, payload, ct);
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

    private async Task KeepPolicyAsync(string hostId, JsonElement payload, CancellationToken ct)
    {
        try
        {
            if (payload.Deserialize(ProtocolJson.Default.PolicyStatement) is { Mode: not null, Actions.Count: > 0 and <= MostActions } policy)
            {
                feed.Publish(EventNames.Policy, hostId, payload);
                await policies.KeepAsync(hostId, policy, ct);
            }
        }
        catch (DbException e)
        {
            if (_notStored.Happened(out var count))
            {
                Log.EventNotStored(logger, hostId, count, e.Message);
            }
        }
    }

    /// <summary>Stores an event. One that cannot be stored, also not later, is still forwarded.</summary>
    private async Task<bool> IsNewAsync(AgentSession session, JsonElement payload, CancellationToken ct)
    {
        var hostId = session.Host.Id;
        if (JsonMarshal.GetRawUtf8Value(payload).Length is > StoredEventBytes and var size)
        {
            session.Quota.Reach(HostLimit.LargeEvents, $"an event of {size} bytes was not stored, the limit is {StoredEventBytes} bytes");
            return true;
        }

        try
        {
            return await events.AddAsync(hostId, payload, ct);
        }
        catch (EventsWaitException e)
        {
            // Nothing is read any more, also no ping: its answer would tell the agent that the event is delivered.
            session.End(TryAgainLater, e.Message);
            throw;
        }
        catch (DbException e)
        {
            if (_notStored.Happened(out var count))
            {
                Log.EventNotStored(logger, hostId, count, e.Message);
            }

            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Debug, "Host {HostId} sent a frame of unknown type {Type}")]
        public static partial void FrameUnknown(ILogger logger, string hostId, string type);

        [LoggerMessage(3, LogLevel.Error, "Cannot store {Count} events since the last such message, the newest of host {HostId}: {Reason}")]
        public static partial void EventNotStored(ILogger logger, string hostId, int count, string reason);
    }
}
