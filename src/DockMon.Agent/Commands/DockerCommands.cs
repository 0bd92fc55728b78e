using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Commands.Images;
using DockMon.Agent.Commands.Networks;
using DockMon.Agent.Commands.Volumes;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies.Create;
using DockMon.Engine;

namespace DockMon.Agent.Commands;

/// <summary>The commands on containers, images, networks and volumes.</summary>
internal sealed class DockerCommands(AgentContext context, EngineClient engine, OwnContainer own, CreateGate gate, Lanes lanes, Outbound outbound)
{
    private readonly ContainerCreator _creator = new(engine, gate, context.Options.DataPath, context.Time, context.CreateLogger<ContainerCreator>());

    /// <summary>The list of containers, which events keep true.</summary>
    public ContainerListing Listing { get; } = new(context, engine);

    public void AddTo(Routes routes)
    {
        Listing.AddTo(routes);
        new ContainerOperations(engine, own, context.Policies).AddTo(routes);
        new ProvisioningOperations(engine, gate, _creator, context.Hidden, outbound, context.Time).AddTo(routes);
        new ImageCommands(engine, context.Hidden).AddTo(routes);
        new ImageChecks(engine, context.Time).AddTo(routes);
        new NetworkCommands(engine, own, context.Hidden).AddTo(routes);
        new VolumeCommands(engine, context.Hidden).AddTo(routes);
    }

    /// <summary>Begins to end what an earlier run of the agent began.</summary>
    public void Recover(CancellationToken ct) => lanes.Post(ProvisioningOperations.CreateLane, () => _creator.RecoverAsync(ct));
}
