using DockMon.Hub.Agents.Admission;
using DockMon.Hub.Agents.Delivery;
using DockMon.Hub.Bus;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>
/// Endpoints of the agents: the control socket and the stats socket. What is needed only for the registration is in methods of its own, because whatever
/// the method of a connection holds stays in memory as long as the connection.
/// </summary>
internal sealed class AgentEndpoints(
    AgentAdmission admission, AgentReception reception, StatsSockets stats, AgentMessages messages, HubDrain drain,
    IHostApplicationLifetime lifetime)
{
    /// <summary>Handles the requests of agents.</summary>
    public RequestDelegate Use(RequestDelegate next) => context =>
        Is(context, ProtocolLimits.ControlPath) ? ControlAsync(context)
        : Is(context, ProtocolLimits.StatsPath) ? stats.HandleAsync(context)
        : next(context);

    /// <summary>Prepares the requests of agents for their WebSocket; before the middleware of WebSockets.</summary>
    public static RequestDelegate UseDelivery(RequestDelegate next) => context =>
    {
        if (Is(context, ProtocolLimits.ControlPath))
        {
            DeliveryStream.Use(context);
        }

        return next(context);
    };

    internal async Task ControlAsync(HttpContext context)
    {
        if (await AcceptAsync(context) is not { } session)
        {
            return;
        }

        try
        {
            await session.Connection.RunAsync(frame => messages.HandleFrameAsync(session, frame, drain.Token), session.Quota);
            await session.Stored;
        }
        finally
        {
            // In any case: a session left behind would be a host that seems connected.
            await reception.LeaveAsync(session);
        }
    }

    private static bool Is(HttpContext context, string path) =>
        context.Request.Path.Value is ['/', .. var rest] && rest.Equals(path, StringComparison.OrdinalIgnoreCase);

    private async Task<AgentSession?> AcceptAsync(HttpContext context) =>
        await admission.AcceptAsync(context) is { } admitted ? await reception.GreetAsync(admitted, lifetime.ApplicationStopping) : null;
}
