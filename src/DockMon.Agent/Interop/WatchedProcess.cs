using System.Globalization;
using DockMon.Agent.Linux;

namespace DockMon.Agent.Interop;

/// <summary>
/// Waits for the end of another process. The kernel's handle of it (pidfd) is not fooled by a number that was given to another process, nor by what
/// <c>/proc</c> shows while a program with several threads becomes another one: for some milliseconds that looks like an end.
/// </summary>
internal sealed class WatchedProcess : IDisposable
{
    private readonly int _id;
    private readonly string _proc;
    private readonly int? _handle;
    private readonly ulong? _started;
    private bool _seemsEnded;

    /// <summary>Begins to watch.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="proc">The procfs.</param>
    /// <param name="useHandle">
    /// Whether to ask the kernel for a handle; where it has none (before 5.3, or where a sandbox forbids it), <c>/proc</c> is read.
    /// </param>
    public WatchedProcess(int id, string proc = "/proc", bool useHandle = true)
    {
        (_id, _proc) = (id, proc);
        _handle = useHandle ? Native.OpenProcess(id) : null;
        _started = _handle is null ? Look()?.Started : null;
    }

    /// <summary>Whether it has ended. To be asked at an interval: it takes two looks that say so, because one may fall into the moment of an exec.</summary>
    public bool HasEnded()
    {
        var before = _seemsEnded;
        _seemsEnded = _handle is { } handle ? Native.HasEnded(handle) : Look() is not { HasEnded: false } now || now.Started != _started;
        return before && _seemsEnded;
    }

    /// <summary>Ends it at once. One that is not there is no error, and nobody else is hit in its place.</summary>
    public void Kill()
    {
        if (_handle is { } handle)
        {
            Native.KillByHandle(handle);
        }
        else if (Look() is { } now && now.Started == _started)
        {
            Native.Kill(_id);
        }
    }

    public void Dispose()
    {
        if (_handle is { } handle)
        {
            Native.CloseHandle(handle);
        }
    }

    private ProcessStat? Look()
    {
        try
        {
            var text = File.ReadAllBytes(Path.Combine(_proc, _id.ToString(CultureInfo.InvariantCulture), "stat"));
            return ProcessStat.TryParse(text, out var stat) ? stat : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
