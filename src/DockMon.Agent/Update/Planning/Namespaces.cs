using System.Text.Json.Nodes;
using DockMon.Agent.Json;

namespace DockMon.Agent.Update.Planning;

/// <summary>
/// The namespaces that a container shares with another one, their owner: network, processes, shared memory. The engine and compose write the owner's id
/// into the container, so that it cannot be started any more after the owner was recreated.
/// </summary>
internal static class Namespaces
{
    private const string Prefix = "container:";

    private static readonly string[] Modes = ["NetworkMode", "PidMode", "IpcMode"];

    /// <summary>The owners of the namespaces, by id or by name, as the container has them.</summary>
    /// <param name="container">Docker's inspect object.</param>
    public static IEnumerable<string> Owners(JsonObject container) =>
        Owners(Modes.Select(mode => (container["HostConfig"] as JsonObject)?.GetText(mode) ?? ""));

    /// <summary>The same of modes such as <c>container:id</c> and <c>bridge</c>.</summary>
    public static IEnumerable<string> Owners(IEnumerable<string> modes) =>
        modes.Where(mode => mode.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(mode => mode[Prefix.Length..])
            .Distinct(StringComparer.Ordinal);

    /// <summary>Replaces the owners.</summary>
    /// <param name="container">Docker's inspect object.</param>
    /// <param name="successor">The id of the container that replaced an owner; null if none did.</param>
    public static void Replace(JsonObject container, Func<string, string?> successor)
    {
        var host = (JsonObject)container["HostConfig"]!;
        foreach (var mode in Modes)
        {
            if (host.GetText(mode) is var value && value.StartsWith(Prefix, StringComparison.Ordinal) && successor(value[Prefix.Length..]) is { } id)
            {
                host[mode] = Prefix + id;
            }
        }
    }
}
