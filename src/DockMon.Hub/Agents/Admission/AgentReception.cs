using System.Data.Common;
using System.Net.WebSockets;
using DockMon.Hub.Bus;
using DockMon.Hub.Inventory;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents.Admission;

/// <summary>The beginning and the end of each session.</summary>
internal sealed partial class AgentReception(
    AgentRegistry agents, Presence presence, IHosts hosts, HealthCheckPush checks, InventoryUpdates inventory, MemoryTrimmer memory,
    IHostApplicationLifetime lifetime, ILogger<AgentReception> logger)
{
    // An agent that does not take its answer in time has given up: it waits as long for it.
    private static readonly TimeSpan AnswerLimit = ProtocolLimits.AuthWait;

    /// <summary>Connects a session and tells its agent.</summary>
    /// <returns>The session; null after a failure, with the session ended.</returns>
    public async Task<AgentSession?> GreetAsync(Admission admission, CancellationToken stopping)
    {
        var session = admission.Session;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(AnswerLimit);
        try
        {
            // Before the agent gets its answer, so that a request at this moment does not fail.
            await presence.TakeAsync(session, limit.Token);
            agents.Connect(session);
            presence.Announce(session);
            await AnswerAsync(session, admission.PermanentToken, limit.Token);
            await checks.PushAsync(session.Host.Id, limit.Token);
            inventory.Connected(session.Host.Id);
            if (await hosts.FindAsync(session.Host.Id, limit.Token) is null)
            {
                // Removed before the session was visible.
                agents.HostRemoved(session.Host.Id);
            }

            memory.Arrived();
            return session;
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or DbException)
        {
            // The agent is gone, or the database does not answer: the agent comes back.
            if (e is DbException)
            {
                Log.NotGreeted(logger, session.Host.Id, e.Message);
            }

            await LeaveAsync(session);
            await session.Connection.CloseAsync(Task.CompletedTask);
            return null;
        }
    }

    /// <summary>Disconnects a session.</summary>
    public async Task LeaveAsync(AgentSession session)
    {
        agents.Disconnect(session);
        await presence.ReleaseAsync(session, comesBack: lifetime.ApplicationStopping.IsCancellationRequested);
        try
        {
            await hosts.SeenAsync(session.Host.Id, CancellationToken.None);
        }
        catch (DbException e)
        {
            Log.LastSeenNotStored(logger, session.Host.Id, e.Message);
        }
    }

    private static async Task AnswerAsync(AgentSession session, string token, CancellationToken ct)
    {
        var extensions = AgentExtensions.UsedWith(session.Host);
        var success = new AuthSuccess
        {
            AgentId = session.Host.AgentId,
            HostId = session.Host.Id,
            PermanentToken = token,
            Extensions = extensions.Count > 0 ? extensions : null,
            // An earlier version of the agent reads only this one.
            ExtendedHostStats = extensions.Contains(ExtensionNames.ExtendedHostStats) ? true : null,
        };
        await session.Connection.SendAsync(FrameWriter.Message(success, ProtocolJson.Default.AuthSuccess), ct);
    }

    private static partial class Log
    {
        [LoggerMessage(7, LogLevel.Error, "Cannot store when host {HostId} was last seen: {Reason}")]
        public static partial void LastSeenNotStored(ILogger logger, string hostId, string reason);

        [LoggerMessage(34, LogLevel.Error, "Cannot read what host {HostId} is to be told; its agent has to connect again: {Reason}")]
        public static partial void NotGreeted(ILogger logger, string hostId, string reason);
    }
}
