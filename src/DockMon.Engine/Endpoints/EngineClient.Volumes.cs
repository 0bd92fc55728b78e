using System.Text.Json;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private static readonly Version PruneAllVolumes = new(1, 42);

    /// <summary>The volumes of the host.</summary>
    public async Task<IReadOnlyList<EngineVolume>> ListVolumesAsync(CancellationToken ct) =>
        (await GetAsync("/volumes", EngineJson.Default.VolumeList, ct, limits: JsonLimits.NestedList).ConfigureAwait(false)).Volumes;

    /// <summary>The volumes of the host, with what their drivers were given.</summary>
    public async Task<IReadOnlyList<VolumeInspection>> InspectVolumesAsync(CancellationToken ct) =>
        (await GetAsync("/volumes", EngineJson.Default.VolumeInspectionList, ct, limits: JsonLimits.NestedList).ConfigureAwait(false)).Volumes;

    /// <summary>A volume, by its name.</summary>
    public Task<VolumeInspection> InspectVolumeAsync(string name, CancellationToken ct) =>
        GetAsync($"/volumes/{Escape(name)}", EngineJson.Default.VolumeInspection, ct, limits: JsonLimits.Exact);

    /// <summary>Creates a volume and returns its name.</summary>
    public async Task<string> CreateVolumeAsync(string name, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new VolumeCreateBody(name), EngineJson.Default.VolumeCreateBody);
        return (await PostAsync("/volumes/create", body, EngineJson.Default.EngineVolume, ct).ConfigureAwait(false)).Name;
    }

    /// <summary>Removes a volume that no container uses; <paramref name="force"/>: one that is not there is no error.</summary>
    public Task RemoveVolumeAsync(string name, bool force, CancellationToken ct) => DeleteAsync($"/volumes/{Escape(name)}?force={Flag(force)}", ct);

    /// <summary>Removes every volume that no container uses, with a name or without.</summary>
    public async Task<PruneReport> PruneVolumesAsync(CancellationToken ct)
    {
        // Before 1.42 the engine has no such filter and refuses it, but prunes named volumes by itself.
        var all = await GetApiVersionAsync(ct).ConfigureAwait(false) >= PruneAllVolumes;
        var path = "/volumes/prune" + (all ? "?filters=" + Filters(new Dictionary<string, string[]> { ["all"] = ["true"] }) : "");
        var body = await PostAsync(path, default, EngineJson.Default.PruneBody, ct, PruneLimit).ConfigureAwait(false);
        return new PruneReport(body.VolumesDeleted, body.SpaceReclaimed);
    }
}
