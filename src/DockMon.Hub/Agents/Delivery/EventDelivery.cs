using System.Data.Common;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Inventory;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents.Delivery;

/// <summary>
/// Stores container events, then publishes them. A session reads on meanwhile; the answer to a ping waits for the events before it
/// (<see cref="DeliveryStream"/>), and whatever else the agent sends is handled after them.
/// </summary>
internal sealed partial class EventDelivery(IEvents events, InventoryUpdates inventory, EventFeed feed, TimeProvider time, ILogger<EventDelivery> logger)
{
    /// <summary>Maximum size of an event that is stored.</summary>
    public const int StoredEventBytes = 64 * 1024;

    /// <summary>Maximum number of events of a session that are being stored.</summary>
    public const int Most = 64;

    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    // No ping is answered any more: its answer would tell the agent that the event is delivered.
    private static readonly Task<bool> Undelivered = Task.FromResult(false);

    private readonly LogLimit _notStored = new(time);

    /// <summary>Takes an event; completes when the next frame may be read.</summary>
    public ValueTask TakeAsync(AgentSession session, JsonElement payload, CancellationToken ct)
    {
        var stored = session.Stored = StoreAsync(session, session.Stored, payload, ct);
        return session.CountEvents(1) < Most || stored.IsCompleted ? ValueTask.CompletedTask : new ValueTask(stored);
    }

    /// <summary>Ends a session whose agent has to keep an event.</summary>
    public static void EndUndelivered(AgentSession session, EventsWaitException e)
    {
        session.Stored = Undelivered;
        session.End(TryAgainLater, e.Message);
    }

    /// <returns>Whether this event, and each before it, needs to be sent no more.</returns>
    private async Task<bool> StoreAsync(AgentSession session, Task<bool> before, JsonElement payload, CancellationToken ct)
    {
        var isStored = true;
        try
        {
            // Begun before the others have ended: they are written together.
            var adding = AddAsync(session, payload, ct);
            isStored = await before;
            if (await adding)
            {
                feed.Publish(EventNames.ContainerEvent, session.Host.Id, payload);
                inventory.Happened(session.Host.Id, payload);
            }
        }
        catch (EventsWaitException e)
        {
            session.End(TryAgainLater, e.Message);
            isStored = false;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The hub is stopping: the agent keeps the event.
            isStored = false;
        }
        catch (Exception e) when (AgentMessages.IsInvalid(e))
        {
            AgentMessages.Invalid(session.Quota, JsonMarshal.GetRawUtf8Value(payload).Length, e.Message);
        }
        finally
        {
            session.CountEvents(-1);
        }

        return isStored;
    }

    /// <summary>Stores an event. One that cannot be stored, also not later, is still forwarded.</summary>
    /// <returns>Whether it is to be published: not when the agent repeated it because it was not sure of the delivery.</returns>
    private async Task<bool> AddAsync(AgentSession session, JsonElement payload, CancellationToken ct)
    {
        if (JsonMarshal.GetRawUtf8Value(payload).Length is > StoredEventBytes and var size)
        {
            session.Quota.Reach(HostLimit.LargeEvents, $"an event of {size} bytes was not stored, the limit is {StoredEventBytes} bytes");
            return true;
        }

        try
        {
            return await events.AddAsync(session.Host.Id, payload, ct);
        }
        catch (DbException e)
        {
            if (_notStored.Happened(out var count))
            {
                Log.EventNotStored(logger, session.Host.Id, count, e.Message);
            }

            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3, LogLevel.Error, "Cannot store {Count} events since the last such message, the newest of host {HostId}: {Reason}")]
        public static partial void EventNotStored(ILogger logger, string hostId, int count, string reason);
    }
}
