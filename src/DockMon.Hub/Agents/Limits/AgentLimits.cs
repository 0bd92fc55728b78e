namespace DockMon.Hub.Agents.Limits;

/// <summary>What one host may have of the hub. A host with a thousand containers stays below half of each.</summary>
public sealed record AgentLimits
{
    /// <summary>Frames a second, on both sockets together.</summary>
    public int FramesPerSecond { get; init; } = 3000;

    /// <summary>Frames at once: what an agent has kept during an outage arrives in one burst.</summary>
    public int FrameBurst { get; init; } = 30_000;

    /// <summary>Bytes a second, on both sockets together.</summary>
    public int BytesPerSecond { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes at once.</summary>
    public int ByteBurst { get; init; } = 64 * 1024 * 1024;

    /// <summary>Minutes of statistics a second that are brought later, one for each container: far more than pass.</summary>
    public int LateMinutesPerSecond { get; init; } = 100;

    /// <summary>Minutes of statistics at once: a day of a thousand containers.</summary>
    public int LateMinuteBurst { get; init; } = 1_500_000;

    /// <summary>Open shells.</summary>
    public int Shells { get; init; } = 32;

    /// <summary>Requests that wait for the agent's answer.</summary>
    public int Requests { get; init; } = 512;
}
