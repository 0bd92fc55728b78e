using System.Text.Json.Nodes;
using DockMon.Agent.Json;

namespace DockMon.Agent.Audit;

/// <summary>What of a container reaches out of it, in short words for the audit.</summary>
internal static class Dangers
{
    private static readonly (string Member, string Words)[] Namespaces =
    [
        ("NetworkMode", "host network"), ("PidMode", "host processes"), ("IpcMode", "host ipc"), ("UTSMode", "host name"), ("UsernsMode", "host users"),
    ];

    /// <summary>Reads a <c>HostConfig</c> of Docker, of an inspected container or one to create.</summary>
    public static IReadOnlyList<string> Of(JsonObject? host) => host is null ? [] :
    [
        .. IsTrue(host["Privileged"]) ? ["privileged"] : Array.Empty<string>(),
        .. Namespaces.Where(space => host.GetText(space.Member) == "host").Select(space => space.Words),
        .. Texts(host["CapAdd"]).Select(capability => "capability " + (capability.StartsWith("CAP_", StringComparison.Ordinal) ? capability[4..] : capability)),
        .. Texts(host["SecurityOpt"]).Where(IsOpen),
        .. HostPaths(host).Distinct(StringComparer.Ordinal).Select(path => "host path " + path),
        .. Objects(host["Devices"]).Select(device => "device " + device.GetText("PathOnHost")),
        .. Texts(host["DeviceCgroupRules"]).Select(rule => "device rule " + rule),
        .. Texts(host["VolumesFrom"]).Select(container => "volumes of " + container),
    ];

    private static IEnumerable<string> HostPaths(JsonObject host) =>
    [
        .. Texts(host["Binds"]).Where(bind => bind.StartsWith('/')).Select(bind => bind.Split(':')[0]),
        .. Objects(host["Mounts"]).Where(mount => mount.GetText("Type") == "bind").Select(mount => mount.GetText("Source")),
        .. Objects(host["Mounts"]).Select(DeviceOf).Where(device => device.StartsWith('/')),
    ];

    /// <summary>What a volume is of: its driver can bind a path of the host, too.</summary>
    private static string DeviceOf(JsonObject mount) =>
        mount["VolumeOptions"] is JsonObject volume && volume["DriverConfig"] is JsonObject driver && driver["Options"] is JsonObject options
            ? options.GetText("device") : "";

    private static bool IsOpen(string option) => option.EndsWith("unconfined", StringComparison.Ordinal) || option is "label=disable" or "label:disable";

    private static bool IsTrue(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    private static IEnumerable<string> Texts(JsonNode? node) =>
        (node as JsonArray)?.Select(item => item is JsonValue value && value.TryGetValue<string>(out var text) ? text : null).OfType<string>() ?? [];

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];
}
