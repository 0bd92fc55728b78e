namespace DockMon.Engine;

/// <summary>Which part of a container's output to read.</summary>
public sealed record LogOptions
{
    /// <summary>How many of the last lines; null means all.</summary>
    public int? Tail { get; init; }

    /// <summary>Only what is newer: RFC 3339, or seconds since 1970 with or without a fraction.</summary>
    public string? Since { get; init; }

    /// <summary>Only what is older: in the same forms.</summary>
    public string? Until { get; init; }

    /// <summary>Whether to go on with what is written from now on, until the container ends.</summary>
    public bool Follow { get; init; }

    /// <summary>Puts the time in front of every line.</summary>
    public bool Timestamps { get; init; }
}

/// <summary>Where output came from.</summary>
public enum LogSource
{
    /// <summary>A terminal, which has one output. What belongs together may come in several pieces.</summary>
    Terminal,

    /// <summary>Standard output, as it was written: each piece has its time in front.</summary>
    Output,

    /// <summary>Standard error, in the same way.</summary>
    Error,
}

/// <summary>A piece of a container's output.</summary>
/// <param name="Source">Where it came from.</param>
/// <param name="Data">The bytes, valid until the next piece is asked for.</param>
public readonly record struct LogPiece(LogSource Source, ReadOnlyMemory<byte> Data);
