using System.Collections.Frozen;
using DockMon.Protocol;

namespace DockMon.Agent.Policies;

/// <summary>Everything that a server can ask of this host, by the names of the protocol: a command, an action of an operation, or one of the streams.</summary>
internal static class HostActions
{
    /// <summary>The container events that are sent.</summary>
    public const string Events = "events";

    /// <summary>The statistics of the host and its containers that are sent.</summary>
    public const string Stats = "stats";

    /// <summary>A shell in a container.</summary>
    public const string Shell = "shell";

    /// <summary>The HTTP health checks.</summary>
    public const string HealthChecks = "health_checks";

    /// <summary>The group of each action.</summary>
    public static FrozenDictionary<string, ActionGroup> Groups { get; } = new Dictionary<string, ActionGroup>(StringComparer.Ordinal)
    {
        [CommandNames.ListContainers] = ActionGroup.Observe,
        [CommandNames.ListImages] = ActionGroup.Observe,
        [CommandNames.ListNetworks] = ActionGroup.Observe,
        [CommandNames.ListVolumes] = ActionGroup.Observe,
        [CommandNames.GetSystemInfo] = ActionGroup.Observe,
        [CommandNames.ImageCheck] = ActionGroup.Observe,
        [OperationActions.Inspect] = ActionGroup.Observe,
        [OperationActions.GetStatus] = ActionGroup.Observe,
        [OperationActions.VerifyRunning] = ActionGroup.Observe,
        [OperationActions.ValidatePorts] = ActionGroup.Observe,
        [Events] = ActionGroup.Observe,
        [Stats] = ActionGroup.Observe,
        [OperationActions.GetLogs] = ActionGroup.Logs,
        [OperationActions.Start] = ActionGroup.Operate,
        [OperationActions.Stop] = ActionGroup.Operate,
        [OperationActions.Restart] = ActionGroup.Operate,
        [OperationActions.Kill] = ActionGroup.Operate,
        [OperationActions.Pause] = ActionGroup.Operate,
        [OperationActions.Unpause] = ActionGroup.Operate,
        [CommandNames.UpdateContainer] = ActionGroup.Update,
        [OperationActions.Rename] = ActionGroup.Rename,
        [OperationActions.Create] = ActionGroup.Create,
        [OperationActions.PullImage] = ActionGroup.Create,
        [CommandNames.CreateNetwork] = ActionGroup.Create,
        [CommandNames.CreateVolume] = ActionGroup.Create,
        [OperationActions.Remove] = ActionGroup.Remove,
        [CommandNames.RemoveImage] = ActionGroup.Remove,
        [CommandNames.DeleteNetwork] = ActionGroup.Remove,
        [CommandNames.DeleteVolume] = ActionGroup.Remove,
        [CommandNames.PruneImages] = ActionGroup.Prune,
        [CommandNames.PruneNetworks] = ActionGroup.Prune,
        [CommandNames.PruneVolumes] = ActionGroup.Prune,
        [CommandNames.DeployCompose] = ActionGroup.Compose,
        [CommandNames.ScanComposeDirs] = ActionGroup.Files,
        [CommandNames.ReadComposeFile] = ActionGroup.Files,
        [Shell] = ActionGroup.Shell,
        [HealthChecks] = ActionGroup.HealthChecks,
        [CommandNames.SelfUpdate] = ActionGroup.SelfUpdate,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Those that are about one container, and so can be allowed or refused on some.</summary>
    public static FrozenSet<string> OfContainers { get; } = new[]
    {
        OperationActions.Inspect, OperationActions.GetStatus, OperationActions.VerifyRunning, OperationActions.GetLogs,
        OperationActions.Start, OperationActions.Stop, OperationActions.Restart, OperationActions.Kill, OperationActions.Pause, OperationActions.Unpause,
        CommandNames.UpdateContainer, OperationActions.Rename, OperationActions.Remove, CommandNames.DeployCompose, Shell, HealthChecks,
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether an action only looks: it is not in the audit, and a policy for one container does not take it away unless it says so.</summary>
    public static bool IsObserving(string action) => Groups.TryGetValue(action, out var group) && group is ActionGroup.Observe or ActionGroup.Logs;
}
