using System.Text.Json;
using System.Text.Json.Nodes;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    /// <summary>The networks of the host.</summary>
    public async Task<IReadOnlyList<EngineNetwork>> ListNetworksAsync(CancellationToken ct) =>
        await GetAsync("/networks", EngineJson.Default.ListEngineNetwork, ct, limits: JsonLimits.List).ConfigureAwait(false);

    /// <summary>A network, by its id or its name.</summary>
    public Task<EngineNetwork> InspectNetworkAsync(string id, CancellationToken ct) => GetAsync(Network(id), EngineJson.Default.EngineNetwork, ct);

    /// <summary>Creates a network and returns its id. Without a subnet the engine chooses one.</summary>
    public async Task<string> CreateNetworkAsync(string name, string driver, bool isInternal, NetworkIpamConfig? subnet, CancellationToken ct)
    {
        // Unless it is told to look, the engine makes a second network of the same name, and nobody can tell them apart.
        var ipam = subnet is null ? null : new NetworkIpam { Config = [subnet] };
        var body = new NetworkCreateBody(name, CheckDuplicate: true, driver, isInternal, ipam);
        var json = JsonSerializer.SerializeToUtf8Bytes(body, EngineJson.Default.NetworkCreateBody);
        return (await PostAsync("/networks/create", json, EngineJson.Default.IdBody, ct).ConfigureAwait(false)).Id;
    }

    /// <summary>Connects a container to a network; <paramref name="endpoint"/> is the engine's own JSON of addresses, aliases and options.</summary>
    public Task ConnectNetworkAsync(string id, string containerId, JsonObject endpoint, CancellationToken ct)
    {
        var body = new NetworkConnectBody(containerId, endpoint);
        return PostAsync(Network(id) + "/connect", JsonSerializer.SerializeToUtf8Bytes(body, EngineJson.Default.NetworkConnectBody), ct);
    }

    /// <summary>Disconnects a container from a network; <paramref name="force"/>: whatever state it is in.</summary>
    public Task DisconnectNetworkAsync(string id, string containerId, bool force, CancellationToken ct)
    {
        var body = new NetworkDisconnectBody(containerId, force);
        return PostAsync(Network(id) + "/disconnect", JsonSerializer.SerializeToUtf8Bytes(body, EngineJson.Default.NetworkDisconnectBody), ct);
    }

    /// <summary>Removes a network that no container is connected to.</summary>
    public Task RemoveNetworkAsync(string id, CancellationToken ct) => DeleteAsync(Network(id), ct);

    /// <summary>Removes every network that no container uses, and returns their names.</summary>
    public async Task<IReadOnlyList<string>> PruneNetworksAsync(CancellationToken ct) =>
        (await PostAsync("/networks/prune", default, EngineJson.Default.PruneBody, ct).ConfigureAwait(false)).NetworksDeleted;

    private static string Network(string id) => "/networks/" + Escape(id);
}
