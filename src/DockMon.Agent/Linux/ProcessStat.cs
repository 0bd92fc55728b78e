namespace DockMon.Agent.Linux;

/// <summary><c>/proc/PID/stat</c>.</summary>
/// <param name="State">Whether the process runs, sleeps, has ended…, as one letter.</param>
/// <param name="Started">When it started, in ticks since the machine did: with the number, it tells the process from every other.</param>
internal readonly record struct ProcessStat(char State, ulong Started)
{
    // Field 22; the state is field 3, the first after the name.
    private const int FieldsBetween = 18;

    /// <summary>Whether the process has ended. One whose parent has not waited for it yet is a zombie.</summary>
    public bool HasEnded => State is 'Z' or 'X';

    /// <summary>Reads it; false for a text that is too short.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ProcessStat stat)
    {
        // The name is in parentheses and may have spaces and parentheses itself.
        var rest = text[(text.LastIndexOf((byte)')') + 1)..];
        var state = KernelText.TakeField(ref rest);
        for (var i = 0; i < FieldsBetween; i++)
        {
            KernelText.TakeField(ref rest);
        }

        var isWhole = KernelText.TryNumber(KernelText.TakeField(ref rest), out var started);
        stat = isWhole ? new ProcessStat((char)state[0], started) : default;
        return isWhole;
    }
}
