namespace DockMon.Engine;

/// <summary>A container, from the list of <c>GET /containers/json</c>.</summary>
public sealed class ContainerSummary
{
    /// <summary>The full id.</summary>
    public string Id { get; set; } = "";

    /// <summary>Its names with their slashes, its own one first.</summary>
    public IReadOnlyList<string> Names { get; set => field = value ?? []; } = [];

    /// <summary>Its image as the container names it.</summary>
    public string Image { get; set => field = value ?? ""; } = "";

    /// <summary>What it is doing, such as "running" or "restarting".</summary>
    public string State { get; set => field = value ?? ""; } = "";

    /// <summary>What it is doing, in words for people: "Up 2 minutes (unhealthy)".</summary>
    public string Status { get; set => field = value ?? ""; } = "";
}
