using System.Text.Json;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.Inventory;

/// <summary>The newest figures of containers, from the samples in memory.</summary>
internal sealed class LatestFigures(LiveSamples samples)
{
    /// <returns>Null when there is no recent sample.</returns>
    public ContainerFigures? Find(string hostId, string containerId) =>
        samples.Newest(hostId, containerId)?.Deserialize(InventoryJson.Default.ContainerFigures);
}
