using DockMon.Agent.Interop;
using DockMon.Engine;
using Microsoft.Win32.SafeHandles;

namespace DockMon.Agent.Hosting;

/// <summary>
/// The user of earlier images, who on many hosts is a person, and the one of this image, who is nobody. What belongs to the former in the data directory is
/// given to the latter once. For that, root needs no right but to change owners: where directories are closed to all but that user it looks with that
/// user's rights. Each entry is opened from the directory above it, so that no link is followed.
/// </summary>
internal sealed class EarlierUser
{
    /// <summary>The user of images before version 3.0.0.</summary>
    public const uint Id = 1000;

    /// <summary>The user of the image: beyond what people and services get, and within the 65,536 numbers that user namespaces usually have.</summary>
    public const uint Successor = 64321;

    private const int Most = 100_000;

    private static readonly int Unfollowed = OpenFlags.PathOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec;

    private readonly uint _from;
    private readonly uint _to;

    private EarlierUser(uint from, uint to) => (_from, _to) = (from, to);

    private int Found { get; set; }

    private int Left { get; set; }

    /// <summary>Whether a data directory is still the earlier user's, and the agent is to be the later one.</summary>
    public static bool Owns(string dataPath, uint wanted) =>
        wanted == Successor && FileStatus.Read(dataPath, followLink: false) is { IsDirectory: true, User: Id };

    /// <summary>Gives what belongs to one user in the data directory to another, the directory itself last: until then all of it is done again.</summary>
    public static HandOver Give(string dataPath, uint from = Id, uint to = Successor)
    {
        using var top = LibC.OpenAt(LibC.CurrentDirectory, dataPath, Unfollowed | OpenFlags.DirectoryOnly, 0);
        if (top.IsInvalid || FileStatus.Read(top) is not { } status)
        {
            return HandOver.Failed(Native.LastError());
        }

        var count = new EarlierUser(from, to);
        count.Visit(top, status, depth: 0, entry => count.Found++);
        if (count.Found > Most)
        {
            return HandOver.Failed($"there are more than {Most} files of user {from} in it");
        }

        // The group first, by which nothing is lost: where that cannot be changed, nothing can.
        if (!Native.TryGive(top, user: null, group: to))
        {
            return HandOver.Failed(Native.LastError());
        }

        var give = new EarlierUser(from, to);
        give.Visit(top, status, depth: 0, give.Give);
        return new HandOver(give.Found, give.Left, null);
    }

    private void Give(SafeFileHandle entry)
    {
        if (Native.TryGive(entry, _to, _to))
        {
            Found++;
        }
        else
        {
            Left++;
        }
    }

    private void Visit(SafeFileHandle entry, FileStatus status, int depth, Action<SafeFileHandle> act)
    {
        foreach (var name in status.IsDirectory && depth < DataFolders.Depth ? NamesIn(entry) : [])
        {
            using var below = Native.WithFileRightsOf(_from, () => LibC.OpenAt(entry, name, Unfollowed, 0));
            if (!below.IsInvalid && FileStatus.Read(below) is { } found && Found <= Most)
            {
                Visit(below, found, depth + 1, act);
            }
        }

        if (status.User == _from && (depth < DataFolders.Depth || !status.IsDirectory))
        {
            act(entry);
        }
    }

    private IReadOnlyList<string> NamesIn(SafeFileHandle directory) => Native.WithFileRightsOf<IReadOnlyList<string>>(_from, () =>
    {
        try
        {
            var path = $"/proc/self/fd/{directory.DangerousGetHandle()}";
            var all = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false };
            return [.. Directory.EnumerateFileSystemEntries(path, "*", all).Take(Most + 1).Select(Path.GetFileName)!];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Another user's directory: nothing in it is this one's, or it was put there by others.
        }
    });
}

/// <summary>What came of giving the data directory to another user.</summary>
/// <param name="Given">How many files and directories have the new owner.</param>
/// <param name="Left">How many could not be given.</param>
/// <param name="Problem">Why nothing was changed; null when it was.</param>
internal sealed record HandOver(int Given, int Left, string? Problem)
{
    public static HandOver Failed(string problem) => new(0, 0, problem);
}
