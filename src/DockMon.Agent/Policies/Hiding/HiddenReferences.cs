using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Hiding;

/// <summary>
/// The containers that a new container would have volumes, namespaces or links from: of a hidden one, whoever made the new one could read the files, see the
/// processes, or hear what it says.
/// </summary>
internal static class HiddenReferences
{
    private const string ContainerMode = "container:";
    private static readonly string[] Modes = ["NetworkMode", "PidMode", "IpcMode", "UTSMode", "CgroupnsMode"];
    private static readonly string[] Lists = ["VolumesFrom", "Links"];

    /// <summary>Refuses a new container that refers to a hidden one.</summary>
    /// <param name="body">What it is created with, as the engine takes it.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="hidden">The hidden containers.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="EngineException">There is no such container for the server.</exception>
    public static async Task RefuseAsync(JsonObject body, EngineClient engine, HiddenContainers hidden, CancellationToken ct)
    {
        foreach (var container in hidden.IsActive ? Of(body["HostConfig"] as JsonObject ?? []) : [])
        {
            if (await hidden.IsHiddenAsync(container, ct))
            {
                await MissingContainer.ThrowAsync(engine, container, ct);
            }
        }
    }

    private static IEnumerable<string> Of(JsonObject host) =>
    [
        .. Modes.Select(key => host.GetText(key))
            .Where(mode => mode.StartsWith(ContainerMode, StringComparison.Ordinal))
            .Select(mode => mode[ContainerMode.Length..]),
        .. Lists.SelectMany(key => host[key] as JsonArray ?? [])
            .Select(item => (item as JsonValue)?.TryGetValue<string>(out var text) == true ? text.Split(':')[0].TrimStart('/') : ""),
    ];
}
