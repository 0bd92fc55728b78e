using Microsoft.Win32.SafeHandles;

namespace DockMon.Agent.Linux;

/// <summary>
/// A file of the kernel's, opened once and read in place again and again. It stays the same thing's: one that is gone cannot be read any more.
/// </summary>
internal sealed class KernelFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private KernelFile(SafeFileHandle handle) => _handle = handle;

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It is not there or cannot be opened.</exception>
    public static KernelFile Open(string path)
    {
        try
        {
            // Shared in every way: anything else would set a lock.
            return new KernelFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>Opens a file; null when it is not there or cannot be opened.</summary>
    public static KernelFile? TryOpen(string path)
    {
        try
        {
            return File.Exists(path) ? Open(path) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>All of it as it is now, until the buffer is used again.</summary>
    /// <exception cref="IOException">What it tells of is gone.</exception>
    public ReadOnlySpan<byte> Read(ReadBuffer buffer)
    {
        var length = 0;
        while (true)
        {
            var room = buffer.RoomAfter(length);
            var read = RandomAccess.Read(_handle, room, length);
            length += read;

            // The kernel gives at most a page at a time, and less only at the end or where the next line does not fit.
            if (read < ReadBuffer.LongestLine && read < room.Length)
            {
                return buffer.Written(length);
            }
        }
    }

    public void Dispose() => _handle.Dispose();
}

/// <summary>The one buffer that files are read into, one after the other.</summary>
internal sealed class ReadBuffer
{
    /// <summary>Longer than any line but those of /proc/stat, which the kernel gives in one piece; shorter than half a page.</summary>
    public const int LongestLine = 2048;

    private byte[] _bytes = new byte[16 * 1024];

    /// <summary>Where to go on after some bytes; the buffer grows when it is full.</summary>
    public Span<byte> RoomAfter(int length)
    {
        if (length == _bytes.Length)
        {
            Array.Resize(ref _bytes, _bytes.Length * 2);
        }

        return _bytes.AsSpan(length);
    }

    public ReadOnlySpan<byte> Written(int length) => _bytes.AsSpan(0, length);
}
