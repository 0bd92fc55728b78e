using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Hub.Api;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Takes in what registered agents say.</summary>
internal sealed partial class AgentMessages(AgentRegistry agents, IEvents events, StatsHistory stats, EventFeed feed, TimeProvider time, ILogger<AgentMessages> logger)
{
    /// <summary>Largest event. Real ones have some kilobytes; each is held for those who come back.</summary>
    public const int EventBytes = 1024 * 1024;

    // One for each host that ever sent what it should not, and each kind of it.
    private readonly ConcurrentDictionary<(string HostId, string Kind), LogLimit> _limits = new();

    /// <summary>Takes one frame. Whatever is in it, the connection stays.</summary>
    public void HandleFrame(AgentSession session, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            TakeFrame(session, Frame.Parse(utf8.Span), utf8.Span);
        }
        catch (Exception e) when (IsInvalid(e))
        {
            Invalid(session.Host.Id, utf8.Length, e.Message);
        }
    }

    /// <summary>Takes a sample from the stats socket.</summary>
    public void TakeSample(string hostId, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            AddSample(hostId, JsonElement.Parse(utf8.Span));
        }
        catch (Exception e) when (IsInvalid(e))
        {
            Invalid(hostId, utf8.Length, e.Message);
        }
    }

    // JSON may hold half a surrogate pair as an escape: that is found only where the text is read.
    private static bool IsInvalid(Exception e) => e is JsonException or InvalidOperationException;

    private bool MayTell(string hostId, string kind, out int count) => _limits.GetOrAdd((hostId, kind), _ => new LogLimit(time)).Happened(out count);

    private void Invalid(string hostId, int size, string reason)
    {
        if (MayTell(hostId, nameof(Log.FrameInvalid), out var count))
        {
            Log.FrameInvalid(logger, hostId, count, size, reason);
        }
    }

    private void TakeFrame(AgentSession session, Frame frame, ReadOnlySpan<byte> utf8)
    {
        var hostId = session.Host.Id;
        switch (frame.Type)
        {
            case FrameTypes.Event when frame.Command is { } name && frame.Payload is { } payload:
                TakeEvent(session, name, payload);
                break;
            case FrameTypes.Stats when JsonElement.Parse(utf8).TryGetProperty("stats", out var host):
                stats.Add(hostId, StatsHistory.Host, host);
                feed.Publish(FeedNames.HostStats, hostId, host);
                break;
            case FrameTypes.Response or null when frame.RequestId is { } id:
                // An operation's answer has its result beside its envelope: it is kept whole.
                agents.Answered(hostId, id, frame.Type is null ? frame with { Payload = JsonElement.Parse(utf8) } : frame);
                break;
            default:
                Log.FrameUnknown(logger, hostId, frame.Type ?? "(none)");
                break;
        }
    }

    private void TakeEvent(AgentSession session, string name, JsonElement payload)
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
            case EventNames.ContainerStats:
                AddSample(hostId, payload);
                feed.Publish(name, hostId, payload);
                break;
            case EventNames.ShellData:
                if (payload.Deserialize(ProtocolJson.Default.ShellData) is { SessionId: not null } data)
                {
                    session.TakeShell(data);
                }

                break;
            case EventNames.ContainerEvent when !IsNew(hostId, payload):
                break; // Sent again by an agent that was not sure.
            case var known when FeedNames.OfAgents.Contains(known):
                feed.Publish(known, hostId, payload);
                break;
            default:
                // Not passed on: who listens takes a name for what the hub says.
                Log.FrameUnknown(logger, hostId, "event " + name);
                break;
        }
    }

    /// <summary>Keeps an event. One that cannot be kept is passed on all the same: whoever watches now sees it.</summary>
    private bool IsNew(string hostId, JsonElement payload)
    {
        try
        {
            return events.Add(hostId, payload);
        }
        catch (DbException e)
        {
            if (MayTell(hostId, nameof(Log.EventNotKept), out var count))
            {
                Log.EventNotKept(logger, hostId, count, e.Message);
            }

            return true;
        }
    }

    private void AddSample(string hostId, JsonElement sample)
    {
        if (sample.ValueKind == JsonValueKind.Object && sample.TryGetProperty("container_id", out var id) && id.ValueKind == JsonValueKind.String)
        {
            stats.Add(hostId, id.GetString()!, sample);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Host {HostId} sent {Count} frames that are no valid messages since this was last told, the newest of {Size} bytes: {Reason}")]
        public static partial void FrameInvalid(ILogger logger, string hostId, int count, int size, string reason);

        [LoggerMessage(2, LogLevel.Debug, "Host {HostId} sent a frame of unknown type {Type}")]
        public static partial void FrameUnknown(ILogger logger, string hostId, string type);

        [LoggerMessage(3, LogLevel.Error, "Of host {HostId} {Count} events could not be stored since this was last told: {Reason}")]
        public static partial void EventNotKept(ILogger logger, string hostId, int count, string reason);

        [LoggerMessage(4, LogLevel.Warning,
            "Dropped {Count} events of host {HostId} since this was last told, the newest of {Size} bytes: {Limit} are the most that is taken")]
        public static partial void EventTooLarge(ILogger logger, string hostId, int count, int size, int limit);
    }
}
