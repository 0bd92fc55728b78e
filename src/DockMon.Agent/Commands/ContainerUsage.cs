using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands;

/// <summary>What the lists of images, networks and volumes have in common.</summary>
internal static class ContainerUsage
{
    /// <summary>A container as one that uses something.</summary>
    public static ContainerName NameOf(ContainerSummary container) => new(new ContainerId(container.Id).Short, container.Name);

    /// <summary>An RFC 3339 time to the second; empty when it is none.</summary>
    public static string Seconds(string time) => Rfc3339.TryParse(time, out var parsed) ? Rfc3339.FormatSeconds(parsed) : "";
}
