using System.Text.Json.Nodes;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Policies.Create.Settings;

namespace DockMon.Agent.Audit;

/// <summary>What of a container reaches out of it, in the words of the policy's rules, for a record.</summary>
internal static class AuditedDangers
{
    /// <summary>Reads the settings of an inspected container, or of one to create.</summary>
    /// <param name="container">An object with the <c>HostConfig</c> of the container.</param>
    public static IReadOnlyList<string> Of(JsonObject container) => [.. Words(EngineSettings.Read(container, subject: ""))];

    /// <summary>Reads the settings of the services of a project.</summary>
    /// <param name="services">The services.</param>
    public static IReadOnlyList<string> Of(IEnumerable<EffectiveSettings> services) =>
        [.. services.SelectMany(settings => Words(settings).Select(words => $"{settings.Subject}: {words}"))];

    private static IEnumerable<string> Words(EffectiveSettings settings) =>
    [
        .. settings.Dangers.Where(IsTold).Select(danger => danger.ToString()).Distinct(StringComparer.Ordinal),
        .. settings.References.Where(reference => reference.Kind == EngineReferenceKind.Mounts).Select(reference => $"volumes of {reference.Name}"),
    ];

    // On control groups of version 1 every container is in the host's namespace of them; and newer engines show settings that this agent does not know.
    private static bool IsTold(Danger danger) =>
        danger.Kind != DangerKind.Unknown && danger is not { Kind: DangerKind.HostNamespace, Value: HostFacts.CgroupNamespace };
}
