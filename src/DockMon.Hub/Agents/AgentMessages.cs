using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Hub.Api;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Takes in what registered agents say.</summary>
internal sealed partial class AgentMessages(AgentRegistry agents, IEvents events, StatsHistory stats, ShellSessions shells, EventFeed feed, ILogger<AgentMessages> logger)
{
    /// <summary>Largest event. Real ones have some kilobytes; each is held for those who come back.</summary>
    public const int EventBytes = 1024 * 1024;

    /// <summary>Takes one frame. Whatever is in it, the connection stays.</summary>
    public void Take(string hostId, ReadOnlyMemory<byte> utf8)
    {
        Frame frame;
        try
        {
            frame = Frame.Parse(utf8.Span);
        }
        catch (JsonException e)
        {
            FrameInvalid(logger, hostId, utf8.Length, e.Message);
            return;
        }

        switch (frame.Type)
        {
            case FrameTypes.Event when frame.Command is { } name && frame.Payload is { } payload:
                TakeEvent(hostId, name, payload);
                break;
            case FrameTypes.Stats when JsonElement.Parse(utf8.Span).TryGetProperty("stats", out var host):
                stats.Add(hostId, StatsHistory.Host, host);
                feed.Publish(FeedNames.HostStats, hostId, host);
                break;
            case FrameTypes.Response or null when frame.RequestId is { } id:
                // An operation's answer has its result beside its envelope: it is kept whole.
                agents.Answered(id, frame.Type is null ? frame with { Payload = JsonElement.Parse(utf8.Span) } : frame);
                break;
            default:
                FrameUnknown(logger, hostId, frame.Type ?? "(none)");
                break;
        }
    }

    /// <summary>Takes a sample from the stats socket.</summary>
    public void TakeSample(string hostId, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            AddSample(hostId, JsonElement.Parse(utf8.Span));
        }
        catch (JsonException e)
        {
            FrameInvalid(logger, hostId, utf8.Length, e.Message);
        }
    }

    private void TakeEvent(string hostId, string name, JsonElement payload)
    {
        if (JsonMarshal.GetRawUtf8Value(payload).Length is > EventBytes and var size)
        {
            EventTooLarge(logger, hostId, size, EventBytes);
            return;
        }

        switch (name)
        {
            case EventNames.ContainerStats:
                AddSample(hostId, payload);
                feed.Publish(name, hostId, payload);
                break;
            case EventNames.ShellData:
                TakeShell(hostId, payload);
                break;
            case EventNames.ContainerEvent when !IsNew(hostId, payload):
                break; // Sent again by an agent that was not sure.
            case var known when FeedNames.OfAgents.Contains(known):
                feed.Publish(known, hostId, payload);
                break;
            default:
                // Not passed on: who listens takes a name for what the hub says.
                FrameUnknown(logger, hostId, "event " + name);
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
            EventNotKept(logger, hostId, e.Message);
            return true;
        }
    }

    private void TakeShell(string hostId, JsonElement payload)
    {
        try
        {
            shells.Take(hostId, payload);
        }
        catch (JsonException e)
        {
            FrameInvalid(logger, hostId, payload.GetRawText().Length, e.Message);
        }
    }

    private void AddSample(string hostId, JsonElement sample)
    {
        if (sample.ValueKind == JsonValueKind.Object && sample.TryGetProperty("container_id", out var id) && id.ValueKind == JsonValueKind.String)
        {
            stats.Add(hostId, id.GetString()!, sample);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Host {HostId} sent a frame of {Size} bytes that is no valid message: {Reason}")]
    private static partial void FrameInvalid(ILogger logger, string hostId, int size, string reason);

    [LoggerMessage(2, LogLevel.Debug, "Host {HostId} sent a frame of unknown type {Type}")]
    private static partial void FrameUnknown(ILogger logger, string hostId, string type);

    [LoggerMessage(3, LogLevel.Error, "An event of host {HostId} could not be stored: {Reason}")]
    private static partial void EventNotKept(ILogger logger, string hostId, string reason);

    [LoggerMessage(4, LogLevel.Warning, "Host {HostId} sent an event of {Size} bytes, which was dropped: {Limit} are the most that is taken")]
    private static partial void EventTooLarge(ILogger logger, string hostId, int size, int limit);
}
