using DockMon.Hub.Bus.Nats;
using DockMon.Hub.Bus.Streams;
using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub.Bus;

/// <summary>The other hubs of a fleet, if there are any, and all agents, whichever hub they are connected to.</summary>
internal static class BusServices
{
    public static void AddBus(this IServiceCollection services, HubOptions options)
    {
        var bus = options.Bus;
        services.AddSingleton(new HubIdentity(IsAlone: options.Nats is null && bus is null));
        if (bus is not null)
        {
            services.AddSingleton(bus);
        }
        else if (options.Nats is { } nats)
        {
            services.AddSingleton(nats);
            services.AddSingleton<IHubBus, NatsBus>();
        }
        else
        {
            services.AddSingleton<IHubBus, InProcessBus>();
        }

        services.AddSingleton<HubLink>();
        services.AddSingleton<AgentSessions>();
        services.AddSingleton<Owners>();
        services.AddSingleton<Presence>();
        services.AddSingleton<AgentRequests>();
        services.AddSingleton<HubStreams>();
        services.AddSingleton<AgentShells>();
        services.AddSingleton<IAnswersHubs>(provider => provider.GetRequiredService<AgentShells>());
        services.AddSingleton<HubDrain>();
        services.AddHostedService<FleetService>();
    }

    /// <summary>Joins the other hubs when the hub starts, and leaves them when its agents are gone.</summary>
    private sealed class FleetService(Presence presence, HubLink link, IEnumerable<IAnswersHubs> answering, HubStreams streams, HubDrain drain) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            foreach (var one in answering)
            {
                one.Register(link);
            }

            return presence.StartAsync(cancellationToken);
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            await drain.WaitAsync();
            await streams.StopAsync();
            await presence.StopAsync();
        }
    }
}
