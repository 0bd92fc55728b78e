using System.Collections.Frozen;
using DockMon.Protocol;

namespace DockMon.Hub.Api.Feeds;

/// <summary>Event names of the stream.</summary>
internal static class FeedNames
{
    /// <summary>A host's agent connected or reconnected.</summary>
    public const string HostConnected = "host_connected";

    /// <summary>A host's agent disconnected.</summary>
    public const string HostDisconnected = "host_disconnected";

    /// <summary>A host was removed.</summary>
    public const string HostRemoved = "host_removed";

    /// <summary>A sample of a host.</summary>
    public const string HostStats = "host_stats";

    /// <summary>Containers of a host were added, changed or removed.</summary>
    public const string ContainersChanged = "containers_changed";

    /// <summary>An update or a deployment began, went on or ended.</summary>
    public const string OperationChanged = "operation_changed";

    /// <summary>Images of a host were checked for updates.</summary>
    public const string ImagesChecked = "images_checked";

    /// <summary>Figures of containers, once a second, to a listener that asked for them.</summary>
    public const string Figures = "figures";

    /// <summary>Events are missing at this point of the stream.</summary>
    public const string Gap = "gap";

    /// <summary>Agent events that are forwarded under their own names.</summary>
    public static readonly FrozenSet<string> OfAgents = FrozenSet.Create(
        StringComparer.Ordinal,
        EventNames.ContainerEvent, EventNames.ContainerStats, EventNames.HealthCheckResult, EventNames.UpdateProgress, EventNames.UpdateLayerProgress,
        EventNames.UpdateComplete, EventNames.SelfUpdateProgress, EventNames.DeployProgress, EventNames.DeployComplete);

    /// <summary>Whether an event is a sample. Samples are not replayed.</summary>
    public static bool IsSample(string name) => name is HostStats or EventNames.ContainerStats;
}
