namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>A process, told from later ones with its number by when it started.</summary>
internal sealed class ProcessFile(KernelFile stat, ulong startTime) : IDisposable
{
    // Field 22 of /proc/PID/stat; the third is the first after the name.
    private const int FieldsBefore = 19;

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

    private static ulong StartTime(ReadOnlySpan<byte> text)
    {
        // The name is in parentheses and may have spaces and parentheses itself.
        var rest = text[(text.LastIndexOf((byte)')') + 1)..];
        for (var i = 0; i < FieldsBefore; i++)
        {
            KernelText.TakeField(ref rest);
        }

        return KernelText.Number(KernelText.TakeField(ref rest));
    }
}
