using System.Text.Json.Nodes;

namespace DockMon.Integration.Tests;

/// <summary>
/// Compares an updated container with one that was freshly created from the new image with the same options: what a person would expect. Left out is
/// only what is a container's own (ids, addresses Docker chose) and what "docker run" and "docker create" themselves set differently.
/// </summary>
internal static class Fidelity
{
    private static readonly string[] OwnConfig = ["AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce", "Volumes"];
    private static readonly string[] OwnHost = ["ContainerIDFile", "ConsoleSize"];
    private static readonly string[] Asked = ["IPAMConfig", "Links", "Aliases", "DriverOpts"];

    /// <summary>Every difference, one line each.</summary>
    public static IEnumerable<string> Differences(JsonObject actual, JsonObject expected)
    {
        var (a, e) = (Normalise(actual), Normalise(expected));
        foreach (var part in e.Select(member => member.Key))
        {
            var (have, want) = ((JsonObject)a[part]!, (JsonObject)e[part]!);
            foreach (var name in have.Select(member => member.Key).Union(want.Select(member => member.Key)).Order(StringComparer.Ordinal))
            {
                if (!Same(have[name], want[name]))
                {
                    yield return $"{part}.{name} is {have[name]?.ToJsonString() ?? "null"}, expected {want[name]?.ToJsonString() ?? "null"}";
                }
            }
        }
    }

    private static JsonObject Normalise(JsonObject inspected)
    {
        var id = inspected["Id"]!.GetValue<string>();
        var name = inspected["Name"]!.GetValue<string>();
        var config = (JsonObject)inspected["Config"]!.DeepClone();
        var host = (JsonObject)inspected["HostConfig"]!.DeepClone();
        Array.ForEach(OwnConfig, own => config.Remove(own));
        Array.ForEach(OwnHost, own => host.Remove(own));
        if (config["Hostname"]?.GetValue<string>() == id[..12] || host["NetworkMode"]!.GetValue<string>().StartsWith("container:", StringComparison.Ordinal))
        {
            config["Hostname"] = "(not set)"; // Docker writes the id there, or, once it runs, the name of the one whose network it shares.
        }

        // Podman adds these two at the end, the host name first where it was asked for, when it makes a container and when it first starts it.
        while (config["Env"] is JsonArray { Count: > 0 } variables && variables[^1]!.GetValue<string>().Split('=')[0] is "HOSTNAME" or "HOME")
        {
            variables.RemoveAt(variables.Count - 1);
        }

        config["Env"] = Texts(config["Env"], variable => variable);
        foreach (var port in (host["PortBindings"] as JsonObject ?? []).Where(port => port.Value is null).Select(port => port.Key).ToList())
        {
            ((JsonObject)host["PortBindings"]!).Remove(port); // Exposed, not published.
        }

        host["Binds"] = Texts(host["Binds"], bind => IsAnonymous(bind.Split(':')[0]) ? null : bind);
        host["Links"] = Texts(host["Links"], link => link.Replace(name + "/", "/self/", StringComparison.Ordinal));
        foreach (var mount in (host["Mounts"] as JsonArray ?? []).OfType<JsonObject>().Where(mount => IsAnonymous(mount["Source"]?.GetValue<string>() ?? "")))
        {
            mount.Remove("Source");
        }

        var networks = new JsonObject();
        foreach (var (network, endpoint) in (JsonObject)inspected["NetworkSettings"]!["Networks"]!)
        {
            var asked = new JsonObject();
            foreach (var field in Asked)
            {
                asked[field] = field == "Aliases" ? Texts(endpoint![field], alias => alias == id[..12] ? null : alias) : endpoint![field]?.DeepClone();
            }

            networks[network] = asked;
        }

        var mounts = new JsonObject();
        foreach (var mount in inspected["Mounts"]!.AsArray())
        {
            var source = mount!["Name"]?.GetValue<string>() ?? mount["Source"]!.GetValue<string>();
            mounts[mount["Destination"]!.GetValue<string>()] = $"{mount["Type"]} {(IsAnonymous(source) ? "(anonymous)" : source)} {mount["RW"]}";
        }

        return new JsonObject { ["Config"] = config, ["HostConfig"] = host, ["Networks"] = networks, ["Mounts"] = mounts };
    }

    private static JsonArray Texts(JsonNode? list, Func<string, string?> change) =>
        new([.. (list as JsonArray ?? [])
            .Select(item => change(item!.GetValue<string>()))
            .Where(item => item is not null)
            .Order(StringComparer.Ordinal)
            .Select(item => (JsonNode)item!)]);

    private static bool IsAnonymous(string name) => name.Length == 64 && name.All(char.IsAsciiHexDigitLower);

    // No list, an empty one and null are the same to Docker, and so are lists of variables in another order.
    private static bool Same(JsonNode? a, JsonNode? b) =>
        IsNothing(a) && IsNothing(b) || JsonNode.DeepEquals(Sorted(a), Sorted(b));

    private static bool IsNothing(JsonNode? node) =>
        node is null or JsonArray { Count: 0 } or JsonObject { Count: 0 } || (node is JsonValue value && value.ToJsonString() is "\"\"" or "0" or "false");

    private static JsonNode? Sorted(JsonNode? node) =>
        node is JsonArray array && array.All(item => item is JsonValue)
            ? new JsonArray([.. array.Select(item => item!.ToJsonString()).Order(StringComparer.Ordinal).Select(item => (JsonNode)item)])
            : node;
}
