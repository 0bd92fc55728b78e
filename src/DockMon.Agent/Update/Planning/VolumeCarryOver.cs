using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Json;

namespace DockMon.Agent.Update.Planning;

/// <summary>Binds anonymous volumes by their names: Docker would give the new container empty ones.</summary>
internal static class VolumeCarryOver
{
    public static void CarryOver(JsonObject container, JsonObject config, JsonObject host, JsonObject inherited, List<string> reasons)
    {
        var declared = Keys(container["Config"].Member("Volumes")).Concat(Keys(inherited["Volumes"])).Select(Clean).ToHashSet(StringComparer.Ordinal);
        foreach (var mount in (container["Mounts"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var (destination, name) = (Clean(mount.GetText("Destination")), mount.GetText("Name"));
            if (mount.GetText("Type") != "volume" || name.Length == 0)
            {
                continue;
            }

            if (MountAt(host, destination) is { } asked)
            {
                if (asked.GetText("Source").Length > 0)
                {
                    continue;
                }

                asked["Source"] = name;
            }
            else if (BindAt(host, destination) is { } bind)
            {
                if (bind.FindText()!.Contains(':', StringComparison.Ordinal))
                {
                    continue;
                }

                host["Binds"]![bind.GetElementIndex()] = Bind(mount, name, destination); // A path alone is the API's way to ask for an anonymous volume.
            }
            else if (declared.Contains(destination))
            {
                var binds = host["Binds"] as JsonArray ?? [];
                binds.Add((JsonNode)Bind(mount, name, destination));
                host["Binds"] = binds;
            }
            else
            {
                continue; // It belongs to another container (--volumes-from).
            }

            RemoveDeclaration(config, destination);
            reasons.Add($"The anonymous volume at {destination} is carried over.");
        }
    }

    private static string Bind(JsonObject mount, string name, string destination) =>
        $"{name}:{destination}{(mount["RW"]?.GetValueKind() == JsonValueKind.False ? ":ro" : "")}";

    /// <summary>Removes the declaration of a volume that is mounted now: an engine might take the two for two mounts.</summary>
    private static void RemoveDeclaration(JsonObject config, string destination)
    {
        if (config["Volumes"] is JsonObject volumes)
        {
            foreach (var key in Keys(volumes).Where(key => Clean(key) == destination).ToList())
            {
                volumes.Remove(key);
            }
        }
    }

    private static IEnumerable<string> Keys(JsonNode? node) => node is JsonObject o ? o.Select(member => member.Key) : [];

    private static JsonObject? MountAt(JsonObject host, string destination) =>
        (host["Mounts"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(mount => Clean(mount.GetText("Target")) == destination);

    private static JsonNode? BindAt(JsonObject host, string destination) =>
        (host["Binds"] as JsonArray ?? []).FirstOrDefault(bind =>
            bind.FindText() is { } text && Clean(text.Split(':') is [_, var target, ..] ? target : text) == destination);

    /// <summary>A path as the engine writes it in a mount: a declared "/data/" is mounted at "/data".</summary>
    private static string Clean(string path) => path.Length == 0 || path.Contains('\0', StringComparison.Ordinal)
        ? path : Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, "/"));
}
