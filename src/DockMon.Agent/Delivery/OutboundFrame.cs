namespace DockMon.Agent.Delivery;

/// <summary>What kind of frame it is, which is how much it matters when the link is slow or gone.</summary>
internal enum FrameClass
{
    /// <summary>The answer to a request: waits up to a minute for the next connection, because the server still knows its id.</summary>
    Answer,

    /// <summary>How something long ended: kept on disk until it is delivered.</summary>
    Completion,

    /// <summary>Something that happened: waits in a bounded buffer.</summary>
    Event,

    /// <summary>Output of a shell, or lines of a log: when too much waits, its source waits too, and none survives its connection.</summary>
    Stream,

    /// <summary>A sample: only the newest of its key waits, and none survives its connection.</summary>
    Stats,
}

/// <summary>One text frame on its way to the server.</summary>
/// <param name="Class">How much it matters.</param>
/// <param name="Bytes">The whole frame, UTF-8.</param>
/// <param name="Posted">When it was posted, as a <see cref="TimeProvider"/> timestamp.</param>
/// <param name="File">Where a completion is kept until it is delivered.</param>
internal sealed record OutboundFrame(FrameClass Class, byte[] Bytes, long Posted, string? File = null);

/// <summary>A sample.</summary>
/// <param name="Key">What it is a sample of.</param>
/// <param name="Bytes">The whole frame.</param>
/// <param name="Payload">Where the frame has the sample without its envelope, which is what the stats socket takes.</param>
internal readonly record struct KeyedFrame(string Key, byte[] Bytes, Range Payload = default);
