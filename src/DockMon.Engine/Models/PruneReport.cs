namespace DockMon.Engine;

/// <summary>What the engine removed because nothing used it.</summary>
/// <param name="Removed">The names of what was removed.</param>
/// <param name="SpaceReclaimed">Bytes that are free again.</param>
public sealed record PruneReport(IReadOnlyList<string> Removed, long SpaceReclaimed);

internal sealed class PruneBody
{
    public IReadOnlyList<string> NetworksDeleted { get; set => field = JsonNulls.Remove(value); } = [];

    public IReadOnlyList<string> VolumesDeleted { get; set => field = JsonNulls.Remove(value); } = [];

    public long SpaceReclaimed { get; set; }
}
