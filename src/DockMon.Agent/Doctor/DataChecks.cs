using System.Globalization;
using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;
using DockMon.Agent.Linux;
using DockMon.Agent.Storage;

namespace DockMon.Agent.Doctor;

/// <summary>The data directory: writable, lasting, with room.</summary>
/// <param name="options">The configuration.</param>
/// <param name="inContainer">Whether this is one.</param>
/// <param name="takesOver">Whether the agent makes itself the directory's owner at its start.</param>
/// <param name="engine">What Docker told before.</param>
/// <param name="procRoot">Where proc is.</param>
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

    /// <summary>What to say of a storage.</summary>
    public static CheckResult Judge(string path, MountedStorage storage)
    {
        var mount = $"-v {Volume}:{path}";
        return storage.Kind switch
        {
            StorageKind.NamedVolume => CheckResult.Ok($"{path} is on the volume {storage.Source}"),
            StorageKind.AnonymousVolume => CheckResult.Warning(
                $"{path} is on a volume without a name of its own, and a container that is made anew gets another: the agent would have to register again", $"give it a name: {mount}"),
            StorageKind.Bind => CheckResult.Warning(
                $"{path} is a directory of the host ({storage.Source}): it lasts, but Docker sets no owner there, and another agent could be given the same one",
                $"use a named volume: {mount}; copy permanent_token and stacks over to keep the registration"),
            StorageKind.Memory => CheckResult.Failed($"{path} is in memory: the registration is lost when the container stops", $"use a named volume: {mount}"),
            _ => CheckResult.Failed($"{path} is in the container's own layer: the registration is lost when the container is made anew", $"use a named volume: {mount}"),
        };
    }

    private CheckResult Write()
    {
        // It is the agent that makes it: whoever looks changes nothing.
        if (!Path.Exists(options.DataPath))
        {
            var parent = Existing();
            return Native.MayWriteIn(parent)
                ? CheckResult.Warning($"there is no {options.DataPath} yet; the agent makes it when it starts", "if there should be one, correct DATA_PATH or mount it")
                : CheckResult.Failed($"there is no {options.DataPath}, and user id {Native.UserId} can make nothing in {parent}", $"make it and give it to that user: install -d -m 700 -o {Native.UserId} {options.DataPath}");
        }

        try
        {
            new TokenStore(options.DataPath).EnsureWritable();
            return CheckResult.Ok($"{options.DataPath} can be written");
        }
        catch (ConfigurationException e) when (takesOver && e.InnerException is UnauthorizedAccessException)
        {
            return CheckResult.Ok($"{options.DataPath} is root's, and is given to user id {Native.UserId} when the agent starts");
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

        // The engine does not name all that is mounted: not what --tmpfs is.
        var storage = engine.Mounts is { } mounts ? MountTable.Find(options.DataPath, mounts) : null;
        return Judge(
            options.DataPath,
            storage is null or { Kind: StorageKind.Layer } ? MountTable.Find(options.DataPath, Mount.Parse(File.ReadAllText(Path.Combine(procRoot, "self/mountinfo")))) : storage);
    }

    private CheckResult Room()
    {
        var free = new DriveInfo(Existing()).AvailableFreeSpace;
        var text = string.Create(CultureInfo.InvariantCulture, $"{free / 1048576.0:#,0} MiB free at {options.DataPath}");
        return free >= LittleRoom ? CheckResult.Ok(text) : CheckResult.Warning(text, "free some space: unsent results, update journals and compose projects are kept there");
    }

    // The directory, or what it would be made in.
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
