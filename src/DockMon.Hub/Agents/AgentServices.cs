using DockMon.Hub.Agents.Admission;
using DockMon.Hub.Agents.Delivery;
using DockMon.Hub.Agents.Limits;

namespace DockMon.Hub.Agents;

/// <summary>The sockets of agents, and what arrives on them.</summary>
internal static class AgentServices
{
    public static void AddAgents(this IServiceCollection services)
    {
        services.AddSingleton<HealthCheckPush>();
        services.AddSingleton<AgentRegistry>();
        services.AddSingleton<HostQuotas>();
        services.AddSingleton<UnregisteredSockets>();
        services.AddSingleton<WrongTokens>();
        services.AddSingleton<AgentGate>();
        services.AddSingleton<Registrar>();
        services.AddSingleton<AgentAdmission>();
        services.AddSingleton<AgentReception>();
        services.AddSingleton<MemoryTrimmer>();
        services.AddHostedService(provider => provider.GetRequiredService<MemoryTrimmer>());
        services.AddSingleton<StatsSockets>();
        services.AddSingleton<EventDelivery>();
        services.AddSingleton<AgentMessages>();
        services.AddSingleton<AgentEndpoints>();
    }

    /// <summary>Handles the requests of agents, before the middleware of the API: each of it would add to the memory of every connection.</summary>
    public static void UseAgents(this WebApplication app)
    {
        var ping = app.Services.GetRequiredService<HubOptions>().PingInterval;
        app.Use(AgentEndpoints.UseDelivery);
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = ping, KeepAliveTimeout = ping });
        app.Use(app.Services.GetRequiredService<AgentEndpoints>().Use);
    }
}
