using System.Text.Json.Nodes;
using DockMon.Agent.Json;

namespace DockMon.Agent.Update.Planning;

/// <summary>
/// The namespaces that a container has from another one: its network, its processes, its shared memory. The engine, and compose for its users, write the
/// other one's id into the container, so that it cannot be started any more once that is another.
/// </summary>
internal static class Namespaces
{
    private const string Prefix = "container:";

    private static readonly string[] Modes = ["NetworkMode", "PidMode", "IpcMode"];

    /// <summary>The containers it has one from, as it names them: by id or by name.</summary>
    /// <param name="container">Docker's inspect object.</param>
    public static IEnumerable<string> Owners(JsonObject container) =>
        container["HostConfig"] is JsonObject host
            ? Modes.Select(mode => host.GetText(mode)).Where(mode => mode.StartsWith(Prefix, StringComparison.Ordinal)).Select(mode => mode[Prefix.Length..]).Distinct(StringComparer.Ordinal) : [];

    /// <summary>Has it have them from others.</summary>
    /// <param name="container">Docker's inspect object.</param>
    /// <param name="successor">The id of the one that took another's place; null for one that is the same as before.</param>
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
