using System.Data.Common;
using System.Net.WebSockets;
using DockMon.Hub.Agents.Admission;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Api;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>The stats sockets: samples of agents whose permanent token is in the request.</summary>
// More than six parameters: it does for this socket what four classes do for the control socket.
internal sealed partial class StatsSockets(
    AgentGate gate, IHosts hosts, AgentRegistry agents, AgentMessages messages, HostQuotas quotas, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<StatsSockets> logger)
{
    private readonly LogLimit _failures = new(time);

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
        HostRecord? host;
        try
        {
            host = BearerToken.Read(context.Request) is { } token ? await hosts.FindByTokenAsync(token, context.RequestAborted) : null;
        }
        catch (DbException e)
        {
            // Temporary, and not to be taken for a wrong token.
            NotRead(context, e);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return null;
        }

        if (host is null)
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
        try
        {
            if (await hosts.FindAsync(host.Id, lifetime.ApplicationStopping) is null)
            {
                // Removed before the socket was known.
                agents.HostRemoved(host.Id);
            }

            return (host.Id, connection);
        }
        catch (Exception e) when (e is DbException or OperationCanceledException)
        {
            if (e is DbException failure)
            {
                NotRead(context, failure);
            }

            agents.DisconnectStats(host.Id, connection);
            connection.Close(WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping, or cannot read its database");
            await connection.CloseAsync(Task.CompletedTask);
            return null;
        }
    }

    private void NotRead(HttpContext context, DbException e)
    {
        if (_failures.Happened(out var count))
        {
            Log.TokenNotRead(logger, count, AgentGate.Address(context), e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(36, LogLevel.Error,
            "Cannot read the hosts of {Count} stats sockets since the last such message, the newest of an agent at {Address}; agents try again: {Reason}")]
        public static partial void TokenNotRead(ILogger logger, int count, string address, string reason);
    }
}
