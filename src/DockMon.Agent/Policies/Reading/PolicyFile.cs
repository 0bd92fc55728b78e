using System.Text;
using DockMon.Agent.Interop;
using DockMon.Agent.Storage;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Reading;

/// <summary>
/// The file of a policy. It counts only if nobody but root and the agent's own user can change it, replace it, or put another one in its place: then what
/// it says was written by whom the host belongs to.
/// </summary>
internal static class PolicyFile
{
    /// <summary>The largest file that is read.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>Where it is looked for if nothing else is said.</summary>
    public const string DefaultPath = "/etc/dockmon-agent/policy.yaml";

    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads it.</summary>
    /// <returns>Its text; null when there is no such file.</returns>
    /// <exception cref="IOException">It is there and cannot be read, or is not to be trusted; the message says why, and what to do.</exception>
    public static string? Read(string path)
    {
        var last = "/";
        try
        {
            using var file = SafePath.OpenFile(path, (passed, status) =>
            {
                last = passed;
                EnsureTrusted(passed, status, isParent: passed == Path.GetDirectoryName(path));
            });
            var buffer = new byte[MaxBytes + 1];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length <= MaxBytes
                ? Utf8.GetString(buffer, 0, length)
                : throw new IOException($"it is larger than {MaxBytes / 1024} KiB");
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException e) when (e.HResult == Native.NoPermission)
        {
            var remedy = last == Path.GetDirectoryName(path) ? $"chmod go+rX {last} {path}" : $"chmod go+X {last}";
            throw new IOException($"the agent's user {Native.UserId} may not read {path}, or look whether it is there ({remedy})", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new IOException($"it is no text in UTF-8: the byte at {e.Index} does not belong there", e);
        }
    }

    private static void EnsureTrusted(string path, FileStatus status, bool isParent)
    {
        if (status.User != 0 && status.User != Native.UserId)
        {
            throw new IOException($"{path} belongs to user {status.User}, who could change the policy: it must be root's (chown root {path})");
        }

        // Where the sticky bit is set, as in /tmp, others cannot touch what is not theirs. They could have put a policy there before anybody else did, though.
        var isGuarded = status.IsDirectory && !isParent && status.Mode.HasFlag(UnixFileMode.StickyBit);
        if ((status.Mode & WritableByOthers) != 0 && !isGuarded)
        {
            throw new IOException($"others than its owner can write to {path}, and so change the policy (chmod go-w {path})");
        }
    }
}
