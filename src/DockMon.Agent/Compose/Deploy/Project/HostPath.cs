using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Compose.Deploy.Project;

/// <summary>What the engine calls the directory of the projects: in a container, not what the agent calls it.</summary>
internal static partial class HostPath
{
    /// <summary>The host's path: as it was set up, else from the mounts of the agent's own container, else the same one.</summary>
    public static async Task<string> FindAsync(
        string stacks,
        string? configured,
        EngineClient engine,
        SelfContainer? self,
        ILogger logger,
        CancellationToken ct)
    {
        if (configured is null && self is null)
        {
            return stacks;
        }

        var path = configured ?? Translate(stacks, (await engine.InspectContainerAsync(self!.Id, ct)).Mounts);
        if (path is null)
        {
            Log.NoHostPath(logger, stacks);
            return stacks;
        }

        Mirror(stacks, path, logger);
        return path;
    }

    /// <summary>The path outside, by the innermost mount that holds it; null when none does.</summary>
    public static string? Translate(string path, IEnumerable<ContainerMount> mounts)
    {
        var mount = mounts.Where(mount => UnixPath.IsWithin(path, mount.Destination)).MaxBy(mount => mount.Destination.Length);
        return mount is null || mount.Source.Length == 0 ? null : mount.Source.TrimEnd('/') + path[mount.Destination.TrimEnd('/').Length..];
    }

    /// <summary>Compose reads env files below the path it gives the engine for bind mounts. A link makes that path lead to the same files in here.</summary>
    private static void Mirror(string stacks, string path, ILogger logger)
    {
        if (Path.Exists(path))
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.CreateSymbolicLink(path, stacks);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NoMirror(logger, path, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            857,
            LogLevel.Warning,
            "No mount of the agent's container holds {Path}: relative bind mounts of projects will not work; mount it from the host, or set HOST_STACKS_DIR")]
        public static partial void NoHostPath(ILogger logger, string path);

        [LoggerMessage(858, LogLevel.Warning, "The host's path {Path} cannot be made visible here, so env_file entries of projects may not be found: {Reason}")]
        public static partial void NoMirror(ILogger logger, string path, string reason);
    }
}
