using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Hosting;
using DockMon.Agent.Json;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Networks;

/// <summary>The networks of the host.</summary>
internal sealed class NetworkCommands(EngineClient engine, OwnContainer own)
{
    private static readonly string[] Builtin = ["bridge", "host", "none"];

    public void AddTo(IDictionary<string, Route> commands, IDictionary<string, Route> operations)
    {
        commands[CommandNames.ListNetworks] = Route.For("list networks", ProtocolJson.Default.SuccessResult, ProtocolJson.Default.IReadOnlyListNetworkSummary, lane: null, (_, ct) => ListAsync(ct)) with { Place = ReadPool.List };
        commands[CommandNames.CreateNetwork] = Route.For("create network", ProtocolJson.Default.CreateNetworkRequest, ProtocolJson.Default.NetworkSummary, LaneAsync, CreateAsync);
        commands[CommandNames.DeleteNetwork] = Route.For("delete network", ProtocolJson.Default.DeleteNetworkRequest, ProtocolJson.Default.SuccessResult, LaneAsync, DeleteAsync);
        commands[CommandNames.PruneNetworks] = Route.For("prune networks", ProtocolJson.Default.SuccessResult, ProtocolJson.Default.PruneResult, LaneAsync, (_, ct) => PruneAsync(ct));
        operations[OperationActions.ListNetworks] = Route.For("list networks", ProtocolJson.Default.ContainerOperation, ProtocolJson.Default.OperationResult, lane: null,
            async (_, ct) => new OperationResult { Networks = await ListAsync(ct) }) with { Place = ReadPool.List };
        operations[OperationActions.CreateNetwork] = Route.For("create network", ProtocolJson.Default.ContainerOperation, ProtocolJson.Default.OperationResult, LaneAsync,
            async (request, ct) => new OperationResult { NetworkId = (await CreateAsync(new CreateNetworkRequest { Name = request.Name, Driver = request.Driver }, ct)).Id });
    }

    // Few, and each looks at the others: one after the other.
    private static ValueTask<string> LaneAsync<T>(T request, CancellationToken ct) => ValueTask.FromResult("networks");

    private async Task<IReadOnlyList<NetworkSummary>> ListAsync(CancellationToken ct)
    {
        using var list = JsonDocument.Parse(await engine.ListNetworksRawAsync(ct));
        var containers = await ContainerUsage.ReadAsync(engine, ct);
        return [.. list.RootElement.EnumerateArray().Select(network => Summarise(network, containers))];
    }

    private static NetworkSummary Summarise(JsonElement network, IReadOnlyList<ListedContainer> containers)
    {
        var (id, name) = (network.GetText("Id"), network.GetText("Name"));
        // A container that never ran knows its networks by their names alone.
        List<ContainerName> users = [.. containers.Where(container => container.Networks.Any(used => used.Id == id || (used.Id.Length == 0 && used.Name == name))).Select(container => container.Name)];
        return new NetworkSummary
        {
            Id = ContainerUsage.ShortId(id),
            Name = name,
            Driver = network.GetText("Driver"),
            Scope = network.GetText("Scope"),
            Created = ContainerUsage.Seconds(network.GetText("Created")),
            Internal = network.IsTrue("Internal"),
            Subnet = network.GetObject("IPAM").GetItems("Config").Select(config => config.GetText("Subnet")).FirstOrDefault() ?? "",
            Containers = users,
            ContainerCount = users.Count,
            IsBuiltin = Builtin.Contains(name, StringComparer.Ordinal),
        };
    }

    private async Task<NetworkSummary> CreateAsync(CreateNetworkRequest request, CancellationToken ct)
    {
        var name = string.IsNullOrWhiteSpace(request.Name) ? throw new CommandException("name is missing") : request.Name;
        var body = new JsonObject
        {
            ["Name"] = name,
            // Docker would make a second network of the same name, and nobody could tell them apart.
            ["CheckDuplicate"] = true,
            ["Driver"] = string.IsNullOrWhiteSpace(request.Driver) ? "bridge" : request.Driver,
            ["Internal"] = request.Internal ?? false,
        };
        if (!string.IsNullOrWhiteSpace(request.Subnet))
        {
            var config = new JsonObject { ["Subnet"] = request.Subnet };
            if (!string.IsNullOrWhiteSpace(request.Gateway))
            {
                config["Gateway"] = request.Gateway;
            }

            body["IPAM"] = new JsonObject { ["Config"] = new JsonArray(config) };
        }
        else if (!string.IsNullOrWhiteSpace(request.Gateway))
        {
            throw new CommandException("failed to create network: a gateway needs a subnet");
        }

        using var created = JsonDocument.Parse(await engine.PostRawAsync("/networks/create", Encoding.UTF8.GetBytes(body.ToJsonString()), ct));
        using var network = JsonDocument.Parse(await engine.InspectNetworkRawAsync(created.RootElement.GetText("Id"), ct));
        return Summarise(network.RootElement, []);
    }

    private async Task<SuccessResult> DeleteAsync(DeleteNetworkRequest request, CancellationToken ct)
    {
        var id = string.IsNullOrWhiteSpace(request.NetworkId) ? throw new CommandException("network_id is missing") : request.NetworkId;
        using var inspected = JsonDocument.Parse(await engine.InspectNetworkRawAsync(id, ct));
        var network = Summarise(inspected.RootElement, await ContainerUsage.ReadAsync(engine, ct));
        if (network.IsBuiltin)
        {
            throw new CommandException($"cannot delete built-in network '{network.Name}'");
        }

        if (network.ContainerCount > 0 && request.Force != true)
        {
            throw new CommandException($"failed to delete network: {network.Name} is in use by {string.Join(", ", network.Containers.Select(container => container.Name))}; force disconnects them first");
        }

        if (own.Require() is { } self && network.Containers.Any(container => self.Is(container.Id)))
        {
            throw new CommandException($"refused to delete network {network.Name}: the agent's own container {self.Name} is connected to it, and may reach the server through it. Do it on the host itself");
        }

        foreach (var container in network.Containers)
        {
            var body = new JsonObject { ["Container"] = container.Id, ["Force"] = true };
            await engine.PostRawAsync($"/networks/{network.Id}/disconnect", Encoding.UTF8.GetBytes(body.ToJsonString()), ct);
        }

        await engine.DeleteAsync($"/networks/{network.Id}", ct);
        return new SuccessResult();
    }

    private async Task<PruneResult> PruneAsync(CancellationToken ct)
    {
        using var pruned = JsonDocument.Parse(await engine.PostRawAsync("/networks/prune", default, ct));
        List<string> removed = [.. pruned.RootElement.GetItems("NetworksDeleted").Select(name => name.GetString()!)];
        return new PruneResult { RemovedCount = removed.Count, NetworksRemoved = removed };
    }
}
