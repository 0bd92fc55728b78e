namespace DockMon.Agent.Commands.Repeats;

/// <summary>What a request gets that came before.</summary>
/// <param name="Frame">The first answer; null or empty when there is none to be sent.</param>
/// <param name="Error">Why there is none; null while the first answer is on its way, which is this one's, too.</param>
internal sealed record Repeat(byte[]? Frame, string? Error)
{
    /// <summary>The first one is not answered yet.</summary>
    public static Repeat UnderWay { get; } = new(null, null);

    /// <summary>The agent ended in the middle of it.</summary>
    public static Repeat Unknown { get; } = Failed(
        "unknown outcome: the agent ended while this request was carried out; look at what became of it before you ask again, with a new id");

    private static readonly Repeat TooLarge = new([], "this request was carried out before, and its answer was too large to be kept");

    public static Repeat Failed(string error) => new(null, error);

    /// <summary>The first one was answered.</summary>
    /// <param name="frame">The answer; empty when it was too large to be kept.</param>
    public static Repeat Answered(byte[] frame) => frame.Length > 0 ? new Repeat(frame, null) : TooLarge;
}
