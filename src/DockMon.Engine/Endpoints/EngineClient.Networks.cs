namespace DockMon.Engine;

public sealed partial class EngineClient
{
    /// <summary>The list of networks as the engine writes it.</summary>
    public Task<byte[]> ListNetworksRawAsync(CancellationToken ct) => GetRawAsync("/networks", JsonLimits.List, ct);

    /// <summary>All the engine knows about a network, as it writes it.</summary>
    public Task<byte[]> InspectNetworkRawAsync(string id, CancellationToken ct) => GetRawAsync($"/networks/{Escape(id)}", ct);

    /// <summary>The list of volumes as the engine writes it.</summary>
    public Task<byte[]> ListVolumesRawAsync(CancellationToken ct) => GetRawAsync("/volumes", JsonLimits.NestedList, ct);
}
