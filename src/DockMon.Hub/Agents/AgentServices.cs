namespace DockMon.Hub.Agents;

/// <summary>The sockets of agents, and what arrives on them.</summary>
internal static class AgentServices
{
    public static void AddAgents(this IServiceCollection services)
    {
        services.AddSingleton<HealthCheckPush>();
        services.AddSingleton<AgentRegistry>();
        services.AddSingleton<UnregisteredSockets>();
        services.AddSingleton<Registrar>();
        services.AddSingleton<AgentMessages>();
        services.AddSingleton<AgentEndpoints>();
    }

    public static void MapAgents(this WebApplication app) => app.Services.GetRequiredService<AgentEndpoints>().Map(app);
}
