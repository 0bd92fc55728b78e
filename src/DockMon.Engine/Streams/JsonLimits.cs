namespace DockMon.Engine;

/// <summary>How much of a JSON document is kept. What is over a limit is cut at that place alone; see <see cref="JsonTrimmer"/>.</summary>
/// <param name="Text">Longest string, in bytes of JSON.</param>
/// <param name="Depths">Longest object or list by its depth, the outermost first; deeper ones are bounded by those around them.</param>
internal sealed record JsonLimits(int Text, params int[] Depths)
{
    private const int KiB = 1024;
    private const int MiB = 1024 * KiB;

    /// <summary>A list: the whole, an element, a member of an element such as its labels.</summary>
    public static readonly JsonLimits List = new(32 * KiB, 64 * MiB, 2 * MiB, 256 * KiB);

    /// <summary>A list that is a member of an object.</summary>
    public static readonly JsonLimits NestedList = new(32 * KiB, 64 * MiB, 64 * MiB, 2 * MiB, 256 * KiB);

    /// <summary>One thing, as large as a frame to the server can be: the kernel lets no variable of a program be longer than 128 KiB.</summary>
    public static readonly JsonLimits Document = new(256 * KiB, 12 * MiB, 8 * MiB, 4 * MiB);

    /// <summary>A line of a stream.</summary>
    public static readonly JsonLimits Line = new(32 * KiB, 512 * KiB, 384 * KiB, 128 * KiB);

    /// <summary>What is given back to the engine later, and must therefore be whole: an answer over the limit is an error.</summary>
    public static readonly JsonLimits Exact = new(int.MaxValue, 64 * MiB);

    /// <summary>Whether nothing may be cut.</summary>
    public bool IsExact => Text == int.MaxValue;
}
