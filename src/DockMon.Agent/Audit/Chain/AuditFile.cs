using System.Runtime.InteropServices;
using DockMon.Agent.Interop;
using DockMon.Agent.Storage;
using DockMon.Engine;
using Microsoft.Win32.SafeHandles;

namespace DockMon.Agent.Audit.Chain;

/// <summary>
/// The file that records are appended to, and its predecessors: <c>audit.jsonl</c>, <c>audit.1.jsonl</c> (the one before) to <c>audit.4.jsonl</c>.
/// One writer at a time. After an error it is closed, and has to be opened again.
/// </summary>
/// <param name="folder">Their directory.</param>
/// <param name="maxBytes">Most bytes of one of them.</param>
internal sealed class AuditFile(string folder, long maxBytes) : IDisposable
{
    /// <summary>How many predecessors are kept.</summary>
    public const int Kept = 4;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int OwnerOnlyNumber = 0x180; // 0600

    private readonly string _path = Path.Combine(folder, NameOf(0));
    private SafeFileHandle? _file;
    private ulong _inode;
    private long _length;

    /// <summary>The name of the file that is so many files older than the current one.</summary>
    public static string NameOf(int age) => age == 0 ? "audit.jsonl" : $"audit.{age}.jsonl";

    /// <summary>Opens a file of the folder to write to it, whoever else may write in that folder: never through a link, and nothing but a file.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle Open(string folder, string name, int more = 0)
    {
        var path = Path.Combine(folder, name);
        var flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec | more;
        var file = LibC.OpenAt(LibC.CurrentDirectory, path, flags, OwnerOnlyNumber);
        if (file.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            file.Dispose();
            throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        if (FileStatus.Read(file) is not { IsRegular: true } status)
        {
            file.Dispose();
            throw new IOException($"{path}: it is no regular file");
        }

        if (status.Mode != OwnerOnly)
        {
            File.SetUnixFileMode(file, OwnerOnly);
        }

        return file;
    }

    /// <summary>Whether the file is open, and is still what it was after the last record: nobody has replaced, shortened or lengthened it.</summary>
    public bool IsIntact() =>
        _file is not null && FileStatus.Read(_path, followLink: false) is { IsRegular: true } status && status.Inode == _inode && status.Size == _length;

    /// <summary>Opens it, makes it where there is none, and tells how it ends. An empty one ends as its predecessor does.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be opened.</exception>
    public AuditTail Open()
    {
        Close();
        MakeFolder();
        _file = Open(folder, NameOf(0), OpenFlags.Append);
        var status = FileStatus.Read(_file) ?? throw new IOException($"{_path}: its file system does not tell its size");
        (_inode, _length) = (status.Inode, status.Size);
        var tail = AuditTail.Read(_file, _length);
        if (_length > 0)
        {
            return tail;
        }

        var predecessor = Path.Combine(folder, NameOf(1));
        if (FileStatus.Read(predecessor, followLink: false) is not { IsRegular: true } before)
        {
            return tail;
        }

        using var file = File.OpenHandle(predecessor);
        return AuditTail.Read(file, before.Size) with { Torn = null, NeedsNewLine = false };
    }

    /// <summary>Appends a line. When the file would become too large it becomes the predecessor of a new one before.</summary>
    /// <param name="line">The line with its end.</param>
    /// <exception cref="IOException">It cannot be written. What was written of it is removed again, or is found when the file is opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public void Append(ReadOnlySpan<byte> line)
    {
        try
        {
            if (_length > 0 && _length + line.Length > maxBytes)
            {
                Rotate();
            }

            RandomAccess.Write(_file!, line, _length);
            _length += line.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Shorten();
            Close();
            throw;
        }
    }

    public void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    public void Dispose() => Close();

    private void MakeFolder()
    {
        PrivateFolder.Make(folder);
        if (FileStatus.Read(folder, followLink: false) is not { IsDirectory: true } status)
        {
            throw new IOException($"{folder}: it is no directory");
        }

        if (status.Mode != (OwnerOnly | UnixFileMode.UserExecute))
        {
            File.SetUnixFileMode(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private void Rotate()
    {
        RandomAccess.FlushToDisk(_file!);
        Close();
        for (var age = Kept - 1; age >= 0; age--)
        {
            var path = Path.Combine(folder, NameOf(age));
            if (FileStatus.Read(path, followLink: false) is not null)
            {
                File.Move(path, Path.Combine(folder, NameOf(age + 1)), overwrite: true);
            }
        }

        _file = Open(folder, NameOf(0), OpenFlags.Append);
        (_inode, _length) = (FileStatus.Read(_file)?.Inode ?? 0, 0);
    }

    private void Shorten()
    {
        try
        {
            if (_file is not null)
            {
                RandomAccess.SetLength(_file, _length);
            }
        }
        catch (IOException)
        {
            // Then the next record says that there is half of one before it.
        }
    }
}
