using System.Net.WebSockets;
using DockMon.Hub.Api;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>The two sockets of agents.</summary>
internal static class AgentEndpoints
{
    public static void Map(WebApplication app)
    {
        app.Map("/" + ProtocolLimits.ControlPath, ControlAsync).WithMetadata(AdminKey.NotNeeded).ExcludeFromDescription();
        app.Map("/" + ProtocolLimits.StatsPath, StatsAsync).WithMetadata(AdminKey.NotNeeded).ExcludeFromDescription();
    }

    private static async Task ControlAsync(
        HttpContext context, Registrar registrar, AgentRegistry agents, AgentMessages messages, ShellSessions shells, EventFeed feed, IHosts hosts, HealthCheckPush checks, IHostApplicationLifetime lifetime)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var connection = new AgentConnection(socket, ProtocolLimits.ControlFrameBytes);
        if (await RegisterAsync(connection, registrar, agents, shells, lifetime.ApplicationStopping) is not { } host)
        {
            return;
        }

        try
        {
            feed.Publish(FeedNames.HostConnected, host.Id, host.Registration);
            await checks.PushAsync(host.Id, CancellationToken.None);
            await connection.RunAsync(frame => messages.Take(host.Id, frame), lifetime.ApplicationStopping);
            hosts.Seen(host.Id);
        }
        finally
        {
            // Whatever ended it: a host that seems connected is one that nobody can reach.
            if (agents.Disconnected(host.Id, connection))
            {
                shells.EndAll(host.Id);
                feed.Publish(FeedNames.HostDisconnected, host.Id, host.Registration);
            }
        }
    }

    private static async Task<HostRecord?> RegisterAsync(AgentConnection connection, Registrar registrar, AgentRegistry agents, ShellSessions shells, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(ProtocolLimits.RegisterWait);
        HostRecord? host = null;
        var reading = connection.ReadAsync(CancellationToken.None);
        try
        {
            var frame = await reading.WaitAsync(limit.Token);
            (host, var token) = registrar.Register(frame.Span);
            // Before the agent knows: whoever asks it something at that moment is not told that it is not there.
            shells.EndAll(host.Id);
            agents.Connected(host.Id, connection);
            bool? extended = host.Can(Capabilities.ExtendedHostStats) ? true : null;
            await connection.SendAsync(
                FrameWriter.Message(new AuthSuccess { AgentId = host.AgentId, HostId = host.Id, PermanentToken = token, ExtendedHostStats = extended }, ProtocolJson.Default.AuthSuccess), limit.Token);
            return host;
        }
        catch (RegistrationException e)
        {
            await connection.SendAsync(FrameWriter.Message(new AuthError { Error = e.Message }, ProtocolJson.Default.AuthError), limit.Token);
            // A close reason has at most 123 bytes; the whole text stands in the frame before.
            connection.Close(WebSocketCloseStatus.PolicyViolation, e.Message.Length <= 120 ? e.Message : "Registration refused");
            await connection.CloseAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            if (host is not null)
            {
                agents.Disconnected(host.Id, connection);
            }

            connection.Close(WebSocketCloseStatus.PolicyViolation, "No registration in time");
            await connection.CloseAsync(reading);
        }

        return null;
    }

    private static async Task StatsAsync(HttpContext context, IHosts hosts, AgentMessages messages, IHostApplicationLifetime lifetime)
    {
        var token = context.Request.Headers.Authorization.ToString();
        if (!token.StartsWith("Bearer ", StringComparison.Ordinal) || hosts.FindByToken(token["Bearer ".Length..]) is not { } host)
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
        await connection.RunAsync(sample => messages.TakeSample(host.Id, sample), lifetime.ApplicationStopping);
    }
}
