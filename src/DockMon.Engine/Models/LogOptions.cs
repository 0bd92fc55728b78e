namespace DockMon.Engine;

/// <summary>Which part of a container's output to read.</summary>
public sealed record LogOptions
{
    /// <summary>How many of the last lines; null means all.</summary>
    public int? Tail { get; init; }

    /// <summary>Only what is newer: RFC 3339, or seconds since 1970 with or without a fraction.</summary>
    public string? Since { get; init; }

    /// <summary>Puts the time in front of every line.</summary>
    public bool Timestamps { get; init; }
}
