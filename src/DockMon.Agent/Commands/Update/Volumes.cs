using System.Text.Json.Nodes;

namespace DockMon.Agent.Commands.Update;

/// <summary>Carries anonymous volumes over by their names: Docker would give the new container empty ones.</summary>
internal static class Volumes
{
    public static void CarryOver(JsonObject container, JsonObject config, JsonObject host, JsonObject inherited, List<string> reasons)
    {
        var declared = Keys(container["Config"]?["Volumes"]).Concat(Keys(inherited["Volumes"])).ToHashSet(StringComparer.Ordinal);
        foreach (var mount in (container["Mounts"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var (destination, name) = (UpdatePlanner.Text(mount, "Destination"), UpdatePlanner.Text(mount, "Name"));
            if (UpdatePlanner.Text(mount, "Type") != "volume" || name.Length == 0)
            {
                continue;
            }

            if (MountAt(host, destination) is { } asked)
            {
                if (UpdatePlanner.Text(asked, "Source").Length == 0)
                {
                    asked["Source"] = name;
                    reasons.Add($"The anonymous volume at {destination} is carried over.");
                }
            }
            else if (declared.Contains(destination) && !BoundAt(host, destination))
            {
                var binds = host["Binds"] as JsonArray ?? [];
                binds.Add((JsonNode)$"{name}:{destination}{(mount["RW"]?.GetValue<bool>() == false ? ":ro" : "")}");
                host["Binds"] = binds;
                // Declared and bound at once would be one mount too many in Docker's eyes only if they differ; the declaration says nothing more now.
                (config["Volumes"] as JsonObject)?.Remove(destination);
                reasons.Add($"The anonymous volume at {destination} is carried over.");
            }
        }
    }

    private static IEnumerable<string> Keys(JsonNode? node) => node is JsonObject o ? o.Select(member => member.Key) : [];

    private static JsonObject? MountAt(JsonObject host, string destination) =>
        (host["Mounts"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(mount => UpdatePlanner.Text(mount, "Target") == destination);

    private static bool BoundAt(JsonObject host, string destination) =>
        (host["Binds"] as JsonArray ?? []).Any(bind => bind!.GetValue<string>().Split(':') is [_, var target, ..] && target == destination);
}
