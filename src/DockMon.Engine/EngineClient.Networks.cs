namespace DockMon.Engine;

public sealed partial class EngineClient
{
    /// <summary>Docker's list of networks, as it is.</summary>
    public Task<byte[]> ListNetworksRawAsync(CancellationToken ct) => GetRawAsync("/networks", ct);

    /// <summary>Docker's inspect object of a network, as it is.</summary>
    public Task<byte[]> InspectNetworkRawAsync(string id, CancellationToken ct) => GetRawAsync($"/networks/{Escape(id)}", ct);

    /// <summary>Docker's list of volumes, as it is.</summary>
    public Task<byte[]> ListVolumesRawAsync(CancellationToken ct) => GetRawAsync("/volumes", ct);
}
