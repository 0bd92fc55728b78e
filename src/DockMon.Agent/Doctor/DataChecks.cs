using System.Globalization;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;

namespace DockMon.Agent.Doctor;

/// <summary>The data directory: writable, lasting, with room.</summary>
internal sealed class DataChecks(AgentOptions options, bool inContainer, EngineChecks engine, string procRoot)
{
    private const long LittleRoom = 64L << 20;
    private const string Volume = "dockmon-agent-data";

    public IEnumerable<Check> All() =>
    [
        new("data", [], _ => Task.FromResult(Write())),
        new("volume", [], _ => Task.FromResult(Where())),
        new("space", ["data"], _ => Task.FromResult(Room())),
    ];

    /// <summary>What to say of a storage.</summary>
    public static Finding Judge(string path, Storage storage)
    {
        var mount = $"-v {Volume}:{path}";
        return storage.Kind switch
        {
            StorageKind.NamedVolume => Finding.Ok($"{path} is on the volume {storage.Source}"),
            StorageKind.AnonymousVolume => Finding.Warning(
                $"{path} is on a volume without a name of its own, and a container that is made anew gets another: the agent would have to register again", $"give it a name: {mount}"),
            StorageKind.Bind => Finding.Warning(
                $"{path} is a directory of the host ({storage.Source}): it lasts, but Docker sets no owner there, and another agent could be given the same one",
                $"use a named volume: {mount}; copy permanent_token and stacks over to keep the registration"),
            StorageKind.Memory => Finding.Failed($"{path} is in memory: the registration is lost when the container stops", $"use a named volume: {mount}"),
            _ => Finding.Failed($"{path} is in the container's own layer: the registration is lost when the container is made anew", $"use a named volume: {mount}"),
        };
    }

    private Finding Write()
    {
        try
        {
            new TokenStore(options.DataPath).EnsureWritable();
            return Finding.Ok($"{options.DataPath} can be written");
        }
        catch (ConfigurationException e)
        {
            var (found, remedy) = Split(e.Message);
            return Finding.Failed(found, remedy);
        }
    }

    private Finding Where()
    {
        if (!inContainer && engine.Self is null)
        {
            return Finding.Ok($"{options.DataPath} is on this machine's own disk");
        }

        var storage = engine.Mounts is { } mounts ? MountTable.Find(options.DataPath, mounts) : MountTable.Find(options.DataPath, File.ReadAllText(Path.Combine(procRoot, "self/mountinfo")));
        return Judge(options.DataPath, storage);
    }

    private Finding Room()
    {
        var free = new DriveInfo(options.DataPath).AvailableFreeSpace;
        var text = string.Create(CultureInfo.InvariantCulture, $"{free / 1048576.0:#,0} MiB free at {options.DataPath}");
        return free >= LittleRoom ? Finding.Ok(text) : Finding.Warning(text, "free some space: unsent results, update journals and compose projects are kept there");
    }

    // "what; what to do", as StorageFailure writes it.
    private static (string Found, string Remedy) Split(string message) =>
        message.IndexOf("; ", StringComparison.Ordinal) is > 0 and var end ? (message[..end], message[(end + 2)..]) : (message, "name another directory in DATA_PATH");
}
