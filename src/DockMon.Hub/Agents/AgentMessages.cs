using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Hub.Agents.Delivery;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Hub.History;
using DockMon.Hub.History.Live;
using DockMon.Hub.Operations;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Handles frames of registered agents.</summary>
// More than six parameters: it stands between all that agents send and all that takes it.
internal sealed partial class AgentMessages(
    AgentRequests requests,
    EventDelivery events,
    HostPolicies policies,
    LiveSamples samples,
    HistoryJournal history,
    OperationUpdates operations,
    EventFeed feed,
    TimeProvider time,
    ILogger<AgentMessages> logger)
{
    /// <summary>Maximum size of an event. Usual ones have a few kilobytes; events stay in memory for replay.</summary>
    public const int EventBytes = 1024 * 1024;

    /// <summary>Maximum number of actions in a policy. Agents know about 40.</summary>
    private const int MostActions = 500;

    private readonly LogLimit _notStored = new(time);

    /// <summary>Handles one frame; completes when the next may be read. An invalid frame does not end the connection.</summary>
    public ValueTask HandleFrameAsync(AgentSession session, ReadOnlyMemory<byte> utf8, CancellationToken ct)
    {
        try
        {
            if (TryTakeSample(session.Host.Id, utf8.Span))
            {
                return ValueTask.CompletedTask;
            }

            var frame = Frame.Parse(utf8.Span);
            return frame is { Type: FrameTypes.Event, Command: EventNames.ContainerEvent, Payload: { } payload } && !IsTooLarge(session, payload)
                ? events.TakeAsync(session, payload, ct)
                : HandleFrameAsync(session, frame, utf8, ct);
        }
        catch (Exception e) when (IsInvalid(e))
        {
            Invalid(session.Quota, utf8.Length, e.Message);
            return ValueTask.CompletedTask;
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
    public static bool IsInvalid(Exception e) => e is JsonException or InvalidOperationException;

    public static void Invalid(HostQuota quota, int size, string reason) => quota.Reach(HostLimit.InvalidFrames, $"a frame of {size} bytes: {reason}");

    private async ValueTask HandleFrameAsync(AgentSession session, Frame frame, ReadOnlyMemory<byte> utf8, CancellationToken ct)
    {
        try
        {
            // In the order in which the agent sent it.
            await session.Stored;
            await TakeFrameAsync(session, frame, utf8, ct);
        }
        catch (Exception e) when (IsInvalid(e))
        {
            Invalid(session.Quota, utf8.Length, e.Message);
        }
        catch (EventsWaitException e)
        {
            EventDelivery.EndUndelivered(session, e);
        }
    }

    private static bool IsTooLarge(AgentSession session, JsonElement payload)
    {
        if (JsonMarshal.GetRawUtf8Value(payload).Length is > EventBytes and var size)
        {
            session.Quota.Reach(HostLimit.LargeEvents, $"an event of {size} bytes was dropped, the limit is {EventBytes} bytes");
            return true;
        }

        return false;
    }

    private async ValueTask TakeFrameAsync(AgentSession session, Frame frame, ReadOnlyMemory<byte> utf8, CancellationToken ct)
    {
        var hostId = session.Host.Id;
        switch (frame.Type)
        {
            case FrameTypes.Event when frame.Command is { } name && frame.Payload is { } payload:
                if (name != EventNames.ContainerEvent && !IsTooLarge(session, payload))
                {
                    await TakeEventAsync(session, name, payload, ct);
                }

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
            case EventNames.StatsBackfill when session.Uses(ExtensionNames.StatsBackfill):
                await KeepMinutesAsync(session, payload, ct);
                break;
            case var known when FeedNames.OfAgents.Contains(known):
                feed.Publish(known, hostId, payload);
                await operations.TakeAsync(hostId, known, payload, ct);
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
                Log.PolicyNotStored(logger, hostId, count, e.Message);
            }
        }
    }

    /// <summary>Stores the minutes of a time without a connection.</summary>
    private async Task KeepMinutesAsync(AgentSession session, JsonElement payload, CancellationToken ct)
    {
        if (payload.Deserialize(ProtocolJson.Default.StatsBackfill) is not { } backfill)
        {
            return;
        }

        var minutes = BackfillReader.Read(backfill);
        if (!session.Quota.TakeMinutes(minutes.Sum(series => series.Minutes.Count)))
        {
            return;
        }

        try
        {
            await history.BackfillAsync(session.Host.Id, minutes, ct);
        }
        catch (DbException e)
        {
            if (_notStored.Happened(out var count))
            {
                Log.MinutesNotStored(logger, session.Host.Id, count, e.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(48, LogLevel.Error,
            "Cannot store minutes of statistics that an agent kept ({Count} times since the last such message, the newest of host {HostId}): {Reason}")]
        public static partial void MinutesNotStored(ILogger logger, string hostId, int count, string reason);

        [LoggerMessage(2, LogLevel.Debug, "Host {HostId} sent a frame of unknown type {Type}")]
        public static partial void FrameUnknown(ILogger logger, string hostId, string type);

        [LoggerMessage(26, LogLevel.Error, "Cannot store {Count} policies since the last such message, the newest of host {HostId}: {Reason}")]
        public static partial void PolicyNotStored(ILogger logger, string hostId, int count, string reason);
    }
}
