using DockMon.Agent.Interop;
using DockMon.Agent.Linux;
using DockMon.Engine;

namespace DockMon.Agent.Hosting;

/// <summary>Whose the data directory is when the process has given up root, and so which user the process becomes.</summary>
/// <param name="User">The user.</param>
/// <param name="Done">What was changed, for the log; null for nothing.</param>
/// <param name="Concern">What somebody should look after; null for nothing.</param>
internal sealed record DataOwner(uint User, string? Done = null, string? Concern = null)
{
    private const string How = "Give them to the new user on the host (docs/installation.md, \"From an earlier image\", has the commands)";

    // The image's directory for the link that makes the host's path of the stacks lead to them. On a host itself it is root's.
    private const string LinkFolder = "/var/lib/docker/volumes";

    /// <summary>Who it is as long as nothing is changed.</summary>
    public static DataOwner Find(DataFolders folders, uint wanted) => new(EarlierUser.Owns(folders.Data, wanted) ? EarlierUser.Id : wanted);

    /// <summary>Gives the user what root has in the data directory, and what the user of earlier images has.</summary>
    public static DataOwner Settle(DataFolders folders, uint wanted)
    {
        var owner = EarlierUser.Owns(folders.Data, wanted) ? Succeed(folders) : new DataOwner(wanted);
        // From the inside out: root without DAC_OVERRIDE has no way through a directory that is the user's already.
        foreach (var path in RootsOwn(folders.Data).Reverse())
        {
            _ = Native.TryGive(path, owner.User);
        }

        if (FileStatus.Read(LinkFolder, followLink: false) is { User: EarlierUser.Successor })
        {
            _ = Native.TryGive(LinkFolder, owner.User);
        }

        return owner;
    }

    /// <summary>What root has in the data directory, and the user is to have.</summary>
    public static IReadOnlyList<string> RootsOwn(string dataPath)
    {
        var found = new List<string>();
        try
        {
            Collect(dataPath, found, depth: 0);
        }
        catch (IOException)
        {
            // The proof that the directory can be written fails in a moment, with better words.
        }

        return found;
    }

    private static DataOwner Succeed(DataFolders folders)
    {
        if (folders.AreStacksElsewhere && FileStatus.Read(folders.Stacks) is { User: EarlierUser.Id })
        {
            return Stay($"AGENT_STACKS_DIR {folders.Stacks} belongs to user {EarlierUser.Id}");
        }

        var (given, left, problem) = EarlierUser.Give(folders.Data);
        if (problem is not null)
        {
            return Stay($"{folders.Data} cannot be given to another user here: {problem}");
        }

        return new DataOwner(
            EarlierUser.Successor,
            $"gave it {given} files and directories of user {EarlierUser.Id}, that of earlier images, in {folders.Data}",
            left == 0
                ? null
                : $"{left} files and directories of user {EarlierUser.Id} in {folders.Data} could not be given to user {EarlierUser.Successor}. {How}");
    }

    private static DataOwner Stay(string why) => new(
        EarlierUser.Id,
        Concern: $"The agent stays user {EarlierUser.Id}, that of earlier images, and does not become {EarlierUser.Successor}: {why}. {How}, "
            + $"or set AGENT_USER={EarlierUser.Id} to keep that user");

    private static void Collect(string path, List<string> found, int depth)
    {
        if (FileStatus.Read(path, followLink: false) is { User: 0 } && (depth < DataFolders.Depth || !Directory.Exists(path)))
        {
            found.Add(path);
        }

        if (depth < DataFolders.Depth && new DirectoryInfo(path) is { Exists: true, LinkTarget: null } directory)
        {
            var options = new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = 0 };
            foreach (var entry in directory.EnumerateFileSystemInfos("*", options))
            {
                Collect(entry.FullName, found, depth + 1);
            }
        }
    }
}

/// <summary>The directories that the agent writes to.</summary>
/// <param name="Data">DATA_PATH.</param>
/// <param name="Stacks">AGENT_STACKS_DIR.</param>
internal sealed record DataFolders(string Data, string Stacks)
{
    /// <summary>
    /// How deep the agent's own files lie: DATA_PATH, its directories, the stacks and the files right in those. What lies deeper belongs to the containers
    /// of the stacks.
    /// </summary>
    public const int Depth = 3;

    /// <summary>Whether the stacks are not in the data directory.</summary>
    public bool AreStacksElsewhere => !UnixPath.IsWithin(Stacks, Data);
}
