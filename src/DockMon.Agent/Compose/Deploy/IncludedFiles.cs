using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Linux;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>
/// The rule for files that decide what is started and that the request does not bring: no container of the project may be able to write them, or it would
/// decide what the next deployment starts.
/// </summary>
internal static class IncludedFiles
{
    /// <param name="project">The project.</param>
    /// <param name="files">The included and extended files, as the host calls them.</param>
    /// <param name="model">What compose made of them.</param>
    /// <param name="running">The project's containers as they are.</param>
    /// <exception cref="CommandException">One can be written by a container.</exception>
    public static void Check(string project, IReadOnlyCollection<string> files, ComposeModel model, IReadOnlyList<ProjectContainer> running)
    {
        foreach (var file in files)
        {
            foreach (var service in model.Services)
            {
                if (service.Writes.FirstOrDefault(source => UnixPath.IsWithin(file, source)) is { } source)
                {
                    throw new CommandException($"refused to deploy project {project}: its compose file includes {file}, and the containers of its service "
                        + $"{service.Name} could rewrite it, because {source} is mounted into them. Mount only the directories that they need, or mount it "
                        + "read-only (:ro), or send the file with the request");
                }
            }

            foreach (var container in running)
            {
                if (container.Writes.FirstOrDefault(source => UnixPath.IsWithin(file, source)) is { } source)
                {
                    throw new CommandException($"refused to deploy project {project}: its compose file includes {file}, and its container {container.Name} "
                        + $"can rewrite it, because {source} is mounted into it. See that the file is as it should be, take the project down, and deploy it "
                        + "again");
                }
            }
        }
    }
}
