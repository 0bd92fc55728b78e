using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Engine;

namespace DockMon.Agent.Compose.Deploy.Project;

/// <summary>
/// The rule for files that decide what is started and that the request does not bring: no container of the project may be able to write them, or it would
/// decide what the next deployment starts.
/// </summary>
internal static class IncludedFiles
{
    /// <param name="engine">Tells which volumes are directories of the host.</param>
    /// <param name="project">The project.</param>
    /// <param name="files">The included and extended files, as the host calls them.</param>
    /// <param name="model">What compose made of them.</param>
    /// <param name="running">The project's containers as they are.</param>
    /// <param name="ct">Cancels the questions.</param>
    /// <exception cref="CommandException">One can be written by a container.</exception>
    /// <exception cref="EngineException">The engine does not tell.</exception>
    public static async Task CheckAsync(
        EngineClient engine,
        string project,
        IReadOnlyCollection<string> files,
        ComposeModel model,
        IReadOnlyList<ProjectContainer> running,
        CancellationToken ct)
    {
        if (files.Count == 0)
        {
            return;
        }

        var volumes = await ReadVolumesAsync(engine, ct);
        foreach (var file in files)
        {
            foreach (var service in model.Services)
            {
                if (FindSource(service.Writes, file, volumes) is { } source)
                {
                    throw new CommandException($"refused to deploy project {project}: its compose file includes {file}, and the containers of its service "
                        + $"{service.Name} could rewrite it, because {source} is mounted into them. Mount only the directories that they need, or mount it "
                        + "read-only (:ro), or send the file with the request");
                }
            }

            foreach (var container in running)
            {
                if (FindSource(container.Writes, file, volumes) is { } source)
                {
                    throw new CommandException($"refused to deploy project {project}: its compose file includes {file}, and its container {container.Name} "
                        + $"can rewrite it, because {source} is mounted into it. See that the file is as it should be, take the project down, and deploy it "
                        + "again");
                }
            }
        }
    }

    /// <summary>What leads to a file, of paths and names of volumes; null for nothing.</summary>
    private static string? FindSource(IReadOnlyList<string> sources, string file, IReadOnlyDictionary<string, string> volumes) =>
        sources.FirstOrDefault(source => volumes.GetValueOrDefault(source, source) is ['/', ..] path && UnixPath.IsWithin(file, path));

    // A compose file does not say what a volume is that exists already.
    private static async Task<IReadOnlyDictionary<string, string>> ReadVolumesAsync(EngineClient engine, CancellationToken ct)
    {
        var bound = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var volume in await engine.InspectVolumesAsync(ct))
        {
            if (VolumeOptionDangers.FindBound(volume.Options) is { } path)
            {
                bound[volume.Name] = path;
            }
        }

        return bound;
    }
}
