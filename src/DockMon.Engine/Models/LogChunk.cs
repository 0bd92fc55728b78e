namespace DockMon.Engine;

/// <summary>Where a container wrote something.</summary>
public enum LogStream
{
    /// <summary>Its input, which an engine never shows in practice.</summary>
    Stdin = 0,

    /// <summary>Standard output; everything a container with a terminal writes.</summary>
    Stdout = 1,

    /// <summary>Standard error.</summary>
    Stderr = 2,
}

/// <summary>A piece of a container's output. The data is only valid until the next piece is asked for.</summary>
public readonly record struct LogChunk(LogStream Stream, ReadOnlyMemory<byte> Data);

/// <summary>Which part of a container's output to read.</summary>
public sealed record LogOptions
{
    /// <summary>How many of the last lines; null means all.</summary>
    public int? Tail { get; init; }

    /// <summary>Only what is newer: RFC 3339, or seconds since 1970 with or without a fraction.</summary>
    public string? Since { get; init; }

    /// <summary>Puts the time in front of every line.</summary>
    public bool Timestamps { get; init; }

    /// <summary>Goes on with what is written from now on.</summary>
    public bool Follow { get; init; }
}
