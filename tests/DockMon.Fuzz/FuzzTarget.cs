namespace DockMon.Fuzz;

/// <summary>
/// A reader of what others write, as a function over bytes. Whatever they are, it returns, soon, and in memory that is in proportion to them; the exceptions
/// that the reader documents are caught inside. Anything else is a defect.
/// </summary>
/// <param name="Name">Its name, and that of its folder in the corpus.</param>
/// <param name="Read">Reads.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Read)
{
    /// <summary>Most bytes that one input may have allocated: the largest buffers of the readers, and some for each byte of the input.</summary>
    private const long AllocatedBytes = 96 * 1024 * 1024;

    private const long AllocatedForOne = 4 * 1024;

    /// <summary>Runs it over one input.</summary>
    /// <exception cref="FuzzFailure">It broke one of its promises.</exception>
    public void Run(byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Read(input);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        FuzzFailure.When(allocated > AllocatedBytes + (AllocatedForOne * input.Length), $"{input.Length} bytes made it allocate {allocated}");
    }

    /// <summary>What the first byte of an input chooses: A the first one.</summary>
    public static T Choose<T>(T[] choices, byte letter) => choices[(byte)(letter - 'A') % choices.Length];

    /// <summary>Reads what may be refused with the exception that the reader documents.</summary>
    /// <returns>Whether it was read.</returns>
    public static bool TryRead<TRefusal>(Action read)
        where TRefusal : Exception
    {
        try
        {
            read();
            return true;
        }
        catch (TRefusal)
        {
            return false;
        }
    }
}

/// <summary>A promise that a reader broke.</summary>
internal sealed class FuzzFailure(string message, Exception? inner = null) : Exception(message, inner)
{
    public static void When(bool broken, string message)
    {
        if (broken)
        {
            throw new FuzzFailure(message);
        }
    }
}
