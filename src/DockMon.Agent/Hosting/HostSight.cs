namespace DockMon.Agent.Hosting;

/// <summary>What is known of the machine that the agent sees.</summary>
/// <param name="InContainer">Whether the agent runs in a container.</param>
/// <param name="Elsewhere">Why it is not the engine's host; null when it is.</param>
internal sealed record HostSight(bool InContainer, string? Elsewhere = null);
