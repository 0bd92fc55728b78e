using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>A process, told from later ones with its number by when it started.</summary>
internal sealed class ProcessFile(KernelFile stat, ulong startTime) : IDisposable
{
    /// <summary>The process that a directory below /proc is now of.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public static ProcessFile Open(string folder, ReadBuffer buffer)
    {
        var stat = KernelFile.Open(Path.Combine(folder, "stat"));
        try
        {
            return new ProcessFile(stat, StartTime(stat.Read(buffer)));
        }
        catch (IOException)
        {
            stat.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that it still runs.</summary>
    /// <exception cref="IOException">It does not.</exception>
    public void Check(ReadBuffer buffer)
    {
        if (StartTime(stat.Read(buffer)) != startTime)
        {
            throw new IOException("The process has ended, and another has its number.");
        }
    }

    public void Dispose() => stat.Dispose();

    private static ulong StartTime(ReadOnlySpan<byte> text) => ProcessStat.TryParse(text, out var stat) ? stat.Started : 0;
}
