using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>The extensions of the protocol that this hub uses with each agent that announces them.</summary>
internal static class AgentExtensions
{
    private static readonly string[] Known = [
        ExtensionNames.CommandIds, ExtensionNames.ExtendedHostStats, ExtensionNames.LogStream, ExtensionNames.ImageCheck, ExtensionNames.Policy,
        ExtensionNames.StatsBackfill,
    ];

    /// <summary>Those that are used with an agent: what its <c>auth_success</c> names.</summary>
    public static IReadOnlyList<string> UsedWith(HostRecord host) => [.. Known.Where(host.Can)];
}
