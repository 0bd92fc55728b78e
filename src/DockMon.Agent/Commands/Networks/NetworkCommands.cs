using System.Collections.Frozen;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Networks;

/// <summary>The networks of the host.</summary>
internal sealed class NetworkCommands(EngineClient engine, OwnContainer own, HiddenContainers hidden)
{
    private static readonly string[] Builtin = ["bridge", "host", "none"];

    public void AddTo(Routes routes)
    {
        routes.Commands[CommandNames.ListNetworks] = Route.For(
            "list networks",
            ProtocolJson.Default.SuccessResult,
            ProtocolJson.Default.IReadOnlyListNetworkSummary,
            lane: null,
            (_, ct) => ListAsync(ct)) with { Place = ReadPool.List };
        routes.Commands[CommandNames.CreateNetwork] = Route.For(
            "create network",
            ProtocolJson.Default.CreateNetworkRequest,
            ProtocolJson.Default.NetworkSummary,
            LaneAsync,
            CreateAsync);
        routes.Commands[CommandNames.DeleteNetwork] = Route.For(
            "delete network",
            ProtocolJson.Default.DeleteNetworkRequest,
            ProtocolJson.Default.SuccessResult,
            LaneAsync,
            DeleteAsync);
        routes.Commands[CommandNames.PruneNetworks] = Route.For(
            "prune networks",
            ProtocolJson.Default.SuccessResult,
            ProtocolJson.Default.PruneResult,
            LaneAsync,
            (_, ct) => PruneAsync(ct));
        routes.Operations[OperationActions.ListNetworks] = Route.For(
            "list networks",
            ProtocolJson.Default.ContainerOperation,
            ProtocolJson.Default.OperationResult,
            lane: null,
            async (_, ct) => new OperationResult { Networks = await ListAsync(ct) }) with { Place = ReadPool.List };
        routes.Operations[OperationActions.CreateNetwork] = Route.For(
            "create network",
            ProtocolJson.Default.ContainerOperation,
            ProtocolJson.Default.OperationResult,
            LaneAsync,
            async (request, ct) =>
            {
                var network = await CreateAsync(new CreateNetworkRequest { Name = request.Name, Driver = request.Driver }, ct);
                return new OperationResult { NetworkId = network.Id };
            });
    }

    // Few, and each looks at the others: one after the other.
    private static ValueTask<string> LaneAsync<T>(T request, CancellationToken ct) => ValueTask.FromResult("networks");

    private async Task<IReadOnlyList<NetworkSummary>> ListAsync(CancellationToken ct)
    {
        var networks = await engine.ListNetworksAsync(ct);
        var containers = await engine.ListContainersAsync(all: true, ct);
        var unseen = await hidden.FindAsync(containers, ct);
        return [.. networks.Select(network => Summarise(network, containers, unseen))];
    }

    private static NetworkSummary Summarise(EngineNetwork network, IReadOnlyList<ContainerSummary> containers, IReadOnlySet<string> unseen)
    {
        var users = new ContainerUsage(containers.Where(container => IsConnected(container, network)), unseen);
        return new NetworkSummary
        {
            Id = new ContainerId(network.Id).Short,
            Name = network.Name,
            Driver = network.Driver,
            Scope = network.Scope,
            Created = ContainerUsage.Seconds(network.Created),
            Internal = network.Internal,
            Subnet = network.Ipam.Config.Select(config => config.Subnet).FirstOrDefault() ?? "",
            Containers = users.Names,
            ContainerCount = users.Count,
            IsBuiltin = Builtin.Contains(network.Name, StringComparer.Ordinal),
        };
    }

    // A container that never ran knows its networks by their names alone.
    private static bool IsConnected(ContainerSummary container, EngineNetwork network) =>
        container.NetworkSettings.Networks.Any(used => used.Value?.NetworkId is { Length: > 0 } id ? id == network.Id : used.Key == network.Name);

    private async Task<NetworkSummary> CreateAsync(CreateNetworkRequest request, CancellationToken ct)
    {
        var name = string.IsNullOrWhiteSpace(request.Name) ? throw new CommandException("name is missing") : request.Name;
        var driver = string.IsNullOrWhiteSpace(request.Driver) ? "bridge" : request.Driver;
        var gateway = string.IsNullOrWhiteSpace(request.Gateway) ? null : request.Gateway;
        var subnet = string.IsNullOrWhiteSpace(request.Subnet) ? null : new NetworkIpamConfig { Subnet = request.Subnet, Gateway = gateway };
        if (subnet is null && gateway is not null)
        {
            throw new CommandException("failed to create network: a gateway needs a subnet");
        }

        var id = await engine.CreateNetworkAsync(name, driver, request.Internal ?? false, subnet, ct);
        return Summarise(await engine.InspectNetworkAsync(id, ct), [], FrozenSet<string>.Empty);
    }

    private async Task<SuccessResult> DeleteAsync(DeleteNetworkRequest request, CancellationToken ct)
    {
        var id = string.IsNullOrWhiteSpace(request.NetworkId) ? throw new CommandException("network_id is missing") : request.NetworkId;
        var found = await engine.InspectNetworkAsync(id, ct);
        var containers = await engine.ListContainersAsync(all: true, ct);
        var network = Summarise(found, containers, await hidden.FindAsync(containers, ct));
        if (network.IsBuiltin)
        {
            throw new CommandException($"cannot delete built-in network '{network.Name}'");
        }

        if (network.ContainerCount > network.Containers.Count)
        {
            throw new CommandException($"failed to delete network: {network.Name} is in use by a container that this host's policy hides");
        }

        if (network.ContainerCount > 0 && request.Force != true)
        {
            var users = string.Join(", ", network.Containers.Select(container => container.Name));
            throw new CommandException($"failed to delete network: {network.Name} is in use by {users}; force disconnects them first");
        }

        // Not asked by the route: only the engine knows who is connected.
        if (own.Require() is { } self && network.Containers.Any(container => self.Is(container.Id)))
        {
            throw new CommandException(
                $"refused to delete network {network.Name}: the agent's own container {self.Name} is connected to it, and may reach the server through it. "
                + "Do it on the host itself");
        }

        foreach (var container in network.Containers)
        {
            await engine.DisconnectNetworkAsync(network.Id, container.Id, force: true, ct);
        }

        await engine.RemoveNetworkAsync(network.Id, ct);
        return new SuccessResult();
    }

    private async Task<PruneResult> PruneAsync(CancellationToken ct)
    {
        var removed = await engine.PruneNetworksAsync(ct);
        return new PruneResult { RemovedCount = removed.Count, NetworksRemoved = removed };
    }
}
