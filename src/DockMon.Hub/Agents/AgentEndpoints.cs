using System.Data.Common;
using System.Net.WebSockets;
using DockMon.Hub.Api;
using DockMon.Hub.Inventory;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Endpoints of the agents: the control socket and the stats socket.</summary>
internal sealed partial class AgentEndpoints(
    UnregisteredSockets unregistered, Registrar registrar, AgentRegistry agents, AgentMessages messages, IHosts hosts, HealthCheckPush checks,
    InventoryUpdates inventory, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<AgentEndpoints> logger)
{
    public void Map(WebApplication app)
    {
        app.Map("/" + ProtocolLimits.ControlPath, ControlAsync).WithMetadata(AdminKey.NotNeeded).ExcludeFromDescription();
        app.Map("/" + ProtocolLimits.StatsPath, StatsAsync).WithMetadata(AdminKey.NotNeeded).ExcludeFromDescription();
    }

    internal async Task ControlAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }

        using var place = unregistered.TryEnter(context.Connection.RemoteIpAddress);
        if (place is null)
        {
            context.Response.Headers.RetryAfter = "5";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var limit = new CancellationTokenSource(UnregisteredSockets.RegisterWait, time);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var connection = new AgentConnection(socket, UnregisteredSockets.FrameBytes);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, lifetime.ApplicationStopping);
        if (await RegisterAsync(connection, context, ended.Token) is not var (host, token))
        {
            return;
        }

        place.Dispose();
        connection.AllowFrames(ProtocolLimits.ControlFrameBytes);
        var session = new AgentSession(host, connection);
        try
        {
            // Before the agent gets its answer, so that a request at this moment does not fail.
            agents.Connect(session);
            await AnswerAsync(connection, host, token, ended.Token);
            await checks.PushAsync(host.Id, lifetime.ApplicationStopping);
            inventory.Connected(host.Id);
            if (await hosts.FindAsync(host.Id, ended.Token) is null)
            {
                // Removed before the session was visible.
                agents.HostRemoved(host.Id);
            }

            await connection.RunAsync(frame => messages.HandleFrameAsync(session, frame, lifetime.ApplicationStopping), lifetime.ApplicationStopping);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            // The agent disconnected before it had its answer.
        }
        catch (DbException e)
        {
            Log.RegistrationNotStored(logger, Address(context), e.Message);
        }
        finally
        {
            // In any case: a session left behind would be a host that seems connected.
            agents.Disconnect(session);
        }

        await SeenAsync(host.Id);
    }

    /// <summary>Reads the first frame and registers the agent; null after a failure, with the connection closed.</summary>
    private async Task<(HostRecord Host, string Token)?> RegisterAsync(AgentConnection connection, HttpContext context, CancellationToken ended)
    {
        var reading = connection.ReadAsync(CancellationToken.None);
        try
        {
            if (await reading.WaitAsync(ended) is { } frame)
            {
                return await registrar.RegisterAsync(frame, ended);
            }
        }
        catch (RegistrationException e)
        {
            await RefuseAsync(connection, e.Message, ended);
        }
        catch (DbException e)
        {
            // No auth_error: an agent takes that as final, and this is temporary.
            Log.RegistrationNotStored(logger, Address(context), e.Message);
            connection.Close(WebSocketCloseStatus.InternalServerError, "The hub cannot read or write its database; its log says why");
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            connection.Close(WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping");
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            connection.Close(WebSocketCloseStatus.PolicyViolation, "No registration in time");
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            // The agent is gone.
        }

        await connection.CloseAsync(reading);
        return null;
    }

    private static async Task RefuseAsync(AgentConnection connection, string reason, CancellationToken ct)
    {
        try
        {
            await connection.SendAsync(FrameWriter.Message(new AuthError { Error = reason }, ProtocolJson.Default.AuthError), ct);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            // The agent is gone.
        }

        connection.Close(WebSocketCloseStatus.PolicyViolation, reason);
    }

    private static async Task AnswerAsync(AgentConnection connection, HostRecord host, string token, CancellationToken ct)
    {
        var extensions = AgentExtensions.UsedWith(host);
        var success = new AuthSuccess
        {
            AgentId = host.AgentId,
            HostId = host.Id,
            PermanentToken = token,
            Extensions = extensions.Count > 0 ? extensions : null,
            // An earlier version of the agent reads only this one.
            ExtendedHostStats = extensions.Contains(ExtensionNames.ExtendedHostStats) ? true : null,
        };
        await connection.SendAsync(FrameWriter.Message(success, ProtocolJson.Default.AuthSuccess), ct);
    }

    private static string Address(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "an unknown address";

    private async Task SeenAsync(string hostId)
    {
        try
        {
            await hosts.SeenAsync(hostId, CancellationToken.None);
        }
        catch (DbException e)
        {
            Log.LastSeenNotStored(logger, hostId, e.Message);
        }
    }

    private async Task StatsAsync(HttpContext context)
    {
        if (BearerToken.Read(context.Request) is not { } token || await hosts.FindByTokenAsync(token, context.RequestAborted) is not { } host)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var connection = new AgentConnection(socket, ProtocolLimits.StatsFrameBytes);
        agents.ConnectStats(host.Id, connection);
        try
        {
            if (await hosts.FindAsync(host.Id, lifetime.ApplicationStopping) is null)
            {
                agents.HostRemoved(host.Id);
            }

            await connection.RunAsync(
                sample =>
                {
                    messages.TakeSample(host.Id, sample);
                    return ValueTask.CompletedTask;
                },
                lifetime.ApplicationStopping);
        }
        finally
        {
            agents.DisconnectStats(host.Id, connection);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6, LogLevel.Error, "Cannot store the registration of an agent at {Address}, which will try again: {Reason}")]
        public static partial void RegistrationNotStored(ILogger logger, string address, string reason);

        [LoggerMessage(7, LogLevel.Error, "Cannot store when host {HostId} was last seen: {Reason}")]
        public static partial void LastSeenNotStored(ILogger logger, string hostId, string reason);
    }
}
