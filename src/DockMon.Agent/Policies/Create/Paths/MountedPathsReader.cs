using DockMon.Agent.Policies.Create.Settings;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>Asks the engine which paths of the host its containers have.</summary>
internal sealed class MountedPathsReader(EngineClient engine)
{
    /// <param name="except">The id of a container that does not count; null for none.</param>
    /// <param name="trusted">The id of a container that may write what it wants; null for none.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="EngineException">The engine does not tell.</exception>
    public async Task<IReadOnlyList<MountedPath>> ReadAsync(string? except, string? trusted, CancellationToken ct)
    {
        var containers = await engine.ListContainersAsync(all: true, ct);
        var volumes = await ReadVolumesAsync(engine, ct);
        return
        [
            .. containers.Where(container => container.Id != except).SelectMany(container => container.Mounts
                .SelectMany(mount => mount.Type == "volume" ? volumes.GetValueOrDefault(mount.Name, []) : mount.Type == "bind" ? [mount.Source] : [],
                    (mount, path) => new MountedPath(
                        HostPaths.Clean(path), $"container {container.Name}", mount.IsWritable && container.Id != trusted))),
        ];
    }

    /// <summary>The volumes that are paths of the host by the options of their drivers: the engine shows them as directories of its own.</summary>
    /// <exception cref="EngineException">The engine does not tell.</exception>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ReadVolumesAsync(EngineClient engine, CancellationToken ct)
    {
        var found = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var volume in await engine.InspectVolumesAsync(ct))
        {
            found[volume.Name] = [.. VolumeOptionDangers.Of(volume.Driver, volume.Options, "").Select(danger => danger.Value)];
        }

        return found;
    }
}
