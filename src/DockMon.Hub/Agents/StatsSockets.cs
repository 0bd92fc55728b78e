using DockMon.Hub.Api;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>The stats sockets: samples of agents whose permanent token is in the request.</summary>
internal sealed class StatsSockets(
    AgentGate gate, IHosts hosts, AgentRegistry agents, AgentMessages messages, HostQuotas quotas, IHostApplicationLifetime lifetime)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (await AcceptAsync(context) is not var (hostId, connection))
        {
            return;
        }

        var quota = quotas.Of(hostId);
        try
        {
            await connection.RunAsync(
                sample =>
                {
                    // In a fleet the control socket may be at another hub, which gets the same samples there.
                    if (agents.IsConnected(hostId))
                    {
                        messages.TakeSample(quota, sample);
                    }

                    return ValueTask.CompletedTask;
                },
                quota);
        }
        finally
        {
            agents.DisconnectStats(hostId, connection);
        }
    }

    /// <summary>Accepts a socket and makes it the host's; null, with the request answered, when there is no such host.</summary>
    private async Task<(string HostId, AgentConnection Connection)?> AcceptAsync(HttpContext context)
    {
        using var place = await gate.EnterAsync(context);
        if (place is null)
        {
            return null;
        }

        place.Serve(true);
        if (BearerToken.Read(context.Request) is not { } token || await hosts.FindByTokenAsync(token, context.RequestAborted) is not { } host)
        {
            place.Serve(false);
            await gate.HoldBackAsync(context, "the token of a stats socket is wrong", place.Displaced);
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return null;
        }

        if (!gate.IsAgentSocket(context))
        {
            return null;
        }

        var connection = new AgentConnection(await context.WebSockets.AcceptWebSocketAsync(), ProtocolLimits.StatsFrameBytes);
        agents.ConnectStats(host.Id, connection);
        if (await hosts.FindAsync(host.Id, lifetime.ApplicationStopping) is null)
        {
            // Removed before the socket was known.
            agents.HostRemoved(host.Id);
        }

        return (host.Id, connection);
    }
}
