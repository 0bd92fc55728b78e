namespace DockMon.Engine;

/// <summary>Cuts JSON that is at hand already, as what the engine sends is cut.</summary>
public static class JsonCutter
{
    /// <summary>The document with its strings and its objects and lists within limits.</summary>
    /// <param name="json">One document.</param>
    /// <param name="text">Longest string, in bytes.</param>
    /// <param name="depths">Longest object or list by its depth, the outermost first.</param>
    public static byte[] Cut(ReadOnlySpan<byte> json, int text, params int[] depths)
    {
        using var trimmer = new JsonTrimmer(new JsonLimits(text, depths));
        trimmer.FeedAll(json);
        return trimmer.Copied.ToArray();
    }
}
