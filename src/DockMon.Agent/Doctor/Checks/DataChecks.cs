using System.Globalization;
using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;
using DockMon.Agent.Linux;
using DockMon.Agent.Storage;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>The data directory: whether it can be written, outlives the container, and has free space.</summary>
/// <param name="options">The configuration.</param>
/// <param name="inContainer">Whether the agent runs in a container.</param>
/// <param name="takesOver">Whether the agent becomes the owner of the directory at its start.</param>
/// <param name="engine">The checks of the engine, made before.</param>
/// <param name="procRoot">The path of <c>/proc</c>.</param>
internal sealed class DataChecks(AgentOptions options, bool inContainer, bool takesOver, EngineChecks engine, string procRoot)
{
    private const long LittleRoom = 64L << 20;
    private const string Volume = "dockmon-agent-data";

    public IEnumerable<Check> All() =>
    [
        new("data", ["user"], _ => Task.FromResult(Write())),
        new("volume", [], _ => Task.FromResult(Where())),
        new("space", ["data"], _ => Task.FromResult(Room())),
    ];

    /// <summary>The result for a kind of storage.</summary>
    public static CheckResult Judge(string path, MountedStorage storage)
    {
        var mount = $"-v {Volume}:{path}";
        return storage.Kind switch
        {
            StorageKind.NamedVolume => CheckResult.Ok($"{path} is on the volume {storage.Source}"),
            StorageKind.AnonymousVolume => CheckResult.Warning(
                $"{path} is on a volume without a name of its own: a new container gets a new volume, and the agent has to register again",
                $"give it a name: {mount}"),
            StorageKind.Bind => CheckResult.Warning(
                $"{path} is a directory of the host ({storage.Source}): Docker does not set its owner, and another agent could use the same directory",
                $"use a named volume: {mount}; copy permanent_token and stacks into it to keep the registration"),
            StorageKind.Memory => CheckResult.Failed($"{path} is in memory: the registration is lost when the container stops", $"use a named volume: {mount}"),
            _ => CheckResult.Failed(
                $"{path} is in the container's own layer: the registration is lost when the container is replaced",
                $"use a named volume: {mount}"),
        };
    }

    private CheckResult Write()
    {
        // The agent creates it; the doctor changes nothing.
        if (!Path.Exists(options.DataPath))
        {
            var parent = Existing();
            return Native.MayWriteIn(parent)
                ? CheckResult.Warning(
                    $"there is no {options.DataPath} yet; the agent creates it when it starts",
                    "if it should exist already, correct DATA_PATH or mount it")
                : CheckResult.Failed(
                    $"there is no {options.DataPath}, and user id {Native.UserId} may not create it in {parent}",
                    $"create it for that user: install -d -m 700 -o {Native.UserId} {options.DataPath}");
        }

        try
        {
            new TokenStore(options.DataPath).EnsureWritable();
            return CheckResult.Ok($"{options.DataPath} can be written");
        }
        catch (ConfigurationException e) when (takesOver && e.InnerException is UnauthorizedAccessException)
        {
            return CheckResult.Ok($"{options.DataPath} belongs to root, and is given to user id {Native.UserId} when the agent starts");
        }
        catch (ConfigurationException e)
        {
            return CheckResult.Failed(e.Error);
        }
    }

    private CheckResult Where()
    {
        if (!inContainer && engine.Self is null)
        {
            return CheckResult.Ok($"{options.DataPath} is on this machine's own disk");
        }

        // The engine does not list every mount: --tmpfs is missing.
        var storage = engine.Mounts is { } mounts ? MountTable.Find(options.DataPath, mounts) : null;
        if (storage is null or { Kind: StorageKind.Layer })
        {
            storage = MountTable.Find(options.DataPath, Mount.Parse(File.ReadAllText(Path.Combine(procRoot, "self/mountinfo"))));
        }

        return Judge(options.DataPath, storage);
    }

    private CheckResult Room()
    {
        var free = new DriveInfo(Existing()).AvailableFreeSpace;
        var text = string.Create(CultureInfo.InvariantCulture, $"{free / 1048576.0:#,0} MiB free at {options.DataPath}");
        return free >= LittleRoom
            ? CheckResult.Ok(text)
            : CheckResult.Warning(text, "free some space: unsent results, update journals and compose projects are kept there");
    }

    // The directory, or the one it would be created in.
    private string Existing()
    {
        var path = options.DataPath;
        while (!Path.Exists(path) && Path.GetDirectoryName(path) is { } parent)
        {
            path = parent;
        }

        return path;
    }
}
