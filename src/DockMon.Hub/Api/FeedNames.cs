using System.Collections.Frozen;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>All names that an event of the stream can have.</summary>
internal static class FeedNames
{
    /// <summary>A host's agent is connected, for the first time or anew.</summary>
    public const string HostConnected = "host_connected";

    /// <summary>A host's agent is gone.</summary>
    public const string HostDisconnected = "host_disconnected";

    /// <summary>A sample of a host.</summary>
    public const string HostStats = "host_stats";

    /// <summary>Something is missing at this point of the stream.</summary>
    public const string Gap = "gap";

    /// <summary>The events of agents that are passed on under their own names.</summary>
    public static readonly FrozenSet<string> OfAgents = FrozenSet.Create(
        StringComparer.Ordinal,
        EventNames.ContainerEvent, EventNames.ContainerStats, EventNames.HealthCheckResult, EventNames.UpdateProgress, EventNames.UpdateLayerProgress,
        EventNames.UpdateComplete, EventNames.SelfUpdateProgress, EventNames.DeployProgress, EventNames.DeployComplete);

    /// <summary>Whether only the newest of a kind counts: such events are not replayed.</summary>
    public static bool IsSample(string name) => name is HostStats or EventNames.ContainerStats;
}
