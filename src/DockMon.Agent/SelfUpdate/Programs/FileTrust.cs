using System.Security.Cryptography;
using DockMon.Agent.Interop;
using DockMon.Agent.Storage;
using DockMon.Engine;

namespace DockMon.Agent.SelfUpdate.Programs;

/// <summary>
/// Whether something in the data folder may decide what the agent executes. The folder may be one of the host's, where others have their files as well;
/// whoever changes the agent's program has the engine's socket, and with it the host.
/// </summary>
internal static class FileTrust
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Why not; null for a regular file of this user, or of root, that nobody else can write.</summary>
    public static string? WhyNotFile(string path) =>
        FileStatus.Read(path, followLink: false) is not { } status ? $"{path} is not there"
        : status.IsRegular ? FindRefusal(path, status) : $"{path} is no regular file";

    /// <summary>Why not; null for such a directory.</summary>
    public static string? WhyNotDirectory(string path) =>
        FileStatus.Read(path, followLink: false) is not { } status ? $"{path} is not there"
        : status.IsDirectory ? FindRefusal(path, status) : $"{path} is no directory";

    /// <summary>Why not; null for the file with this checksum.</summary>
    public static string? WhyNotSame(string path, string sha256)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file)) == sha256 ? null : $"{path} is not what it was when it was checked";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{path} cannot be read: {StorageAdvice.Describe(e, path)}";
        }
    }

    private static string? FindRefusal(string path, FileStatus status) =>
        status.User != 0 && status.User != Native.UserId ? $"{path} belongs to user {status.User}, and the agent is user {Native.UserId}"
        : (status.Mode & WritableByOthers) != 0 ? $"others than its owner may write to {path} (chmod go-w)"
        : null;
}
