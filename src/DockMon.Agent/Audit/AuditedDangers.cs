using System.Text.Json.Nodes;
using DockMon.Agent.Policies.Create;

namespace DockMon.Agent.Audit;

/// <summary>What of a container reaches out of it, in the words of the policy's rules, for a record.</summary>
internal static class AuditedDangers
{
    /// <summary>Reads the settings of an inspected container, or of one to create.</summary>
    /// <param name="container">An object with the <c>HostConfig</c> of the container.</param>
    public static IReadOnlyList<string> Of(JsonObject container)
    {
        var settings = EngineSettings.Read(container, subject: "");
        return [
            .. settings.Dangers.Where(IsTold).Select(danger => danger.ToString()).Distinct(StringComparer.Ordinal),
            .. settings.References.Where(reference => reference.Kind == ReferenceKind.Mounts).Select(reference => $"volumes of {reference.Name}"),
        ];
    }

    // On control groups of version 1 every container is in the host's namespace of them; and newer engines show settings that this agent does not know.
    private static bool IsTold(Danger danger) =>
        danger.Kind != DangerKind.Unknown && danger is not { Kind: DangerKind.HostNamespace, Value: HostFacts.CgroupNamespace };
}
