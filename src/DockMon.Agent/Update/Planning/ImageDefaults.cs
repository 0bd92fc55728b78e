using System.Text.Json.Nodes;

namespace DockMon.Agent.Update.Planning;

/// <summary>
/// Removes from a container's configuration what it inherited from its image. A value that the user set to the image's own value cannot be
/// told from an inherited one, and follows the image, too.
/// </summary>
internal static class ImageDefaults
{
    private static readonly string[] Scalars = ["WorkingDir", "User", "StopSignal", "StopTimeout", "Shell", "ArgsEscaped", "OnBuild"];

    public static void Remove(JsonObject config, JsonObject host, JsonObject inherited, List<string> reasons)
    {
        RemoveCommand(config, inherited, reasons);
        foreach (var name in Scalars)
        {
            if (config[name] is { } value && JsonNode.DeepEquals(value, inherited[name]))
            {
                config.Remove(name);
                reasons.Add($"{name} was inherited from the old image and follows the new one.");
            }
        }

        RemoveHealthCheck(config, inherited);
        RemoveEntries(config, inherited, "Env");
        RemoveMembers(config, inherited, "Labels", (value, old) => JsonNode.DeepEquals(value, old));
        RemoveMembers(config, inherited, "Volumes", (_, _) => true);
        var published = host["PortBindings"] as JsonObject ?? [];
        RemoveMembers(config, inherited, "ExposedPorts", (_, _) => true, keep: published.ContainsKey);
    }

    /// <summary>Entrypoint and command belong together: an entrypoint the user set makes Docker ignore the image's command.</summary>
    private static void RemoveCommand(JsonObject config, JsonObject inherited, List<string> reasons)
    {
        if (IsEmpty(config["Entrypoint"]) && !IsEmpty(config["Cmd"]) && !(inherited.Count > 0 && IsEmpty(inherited["Entrypoint"])))
        {
            // Docker shows an empty entrypoint as none, and would take none for the image's.
            config["Entrypoint"] = new JsonArray("");
            reasons.Add("The image's entrypoint was set aside and stays so, and the command is kept with it.");
            return;
        }

        if (!SameList(config["Entrypoint"], inherited["Entrypoint"]))
        {
            reasons.Add("The entrypoint was set, so the command is kept with it.");
            return;
        }

        if (IsEmpty(config["Cmd"]) && !IsEmpty(inherited["Cmd"]))
        {
            reasons.Add("The entrypoint was set, though to the image's own: that set the image's command aside.");
            return;
        }

        config.Remove("Entrypoint");
        if (SameList(config["Cmd"], inherited["Cmd"]))
        {
            config.Remove("Cmd");
            reasons.Add("Entrypoint and command were inherited from the old image and follow the new one.");
        }
        else
        {
            reasons.Add("The command was set and is kept; the entrypoint follows the new image.");
        }
    }

    /// <summary>Docker takes the missing members of a health check from the image, so each may be the image's or the user's.</summary>
    private static void RemoveHealthCheck(JsonObject config, JsonObject inherited)
    {
        RemoveMembers(config, inherited, "Healthcheck", JsonNode.DeepEquals);
        if (config["Healthcheck"] is JsonObject { Count: 0 })
        {
            config.Remove("Healthcheck");
        }
    }

    private static void RemoveEntries(JsonObject config, JsonObject inherited, string name)
    {
        if (config[name] is JsonArray values && inherited[name] is JsonArray old)
        {
            config[name] = new JsonArray([.. values.Where(value => !old.Any(other => JsonNode.DeepEquals(value, other))).Select(value => value?.DeepClone())]);
        }
    }

    private static void RemoveMembers(
        JsonObject config, JsonObject inherited, string name, Func<JsonNode?, JsonNode?, bool> same, Func<string, bool>? keep = null)
    {
        if (config[name] is JsonObject values && inherited[name] is JsonObject old)
        {
            foreach (var (key, value) in old)
            {
                if (values.ContainsKey(key) && same(values[key], value) && keep?.Invoke(key) != true)
                {
                    values.Remove(key);
                }
            }
        }
    }

    // No list, an empty one and null are the same to Docker.
    private static bool IsEmpty(JsonNode? list) => list is not JsonArray { Count: > 0 };

    private static bool SameList(JsonNode? a, JsonNode? b) => (IsEmpty(a) && IsEmpty(b)) || JsonNode.DeepEquals(a, b);
}
