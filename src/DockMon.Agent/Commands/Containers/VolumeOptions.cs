using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Json;

namespace DockMon.Agent.Commands.Containers;

/// <summary>
/// The option <c>volumes</c>: a map of host path or volume to <c>{"bind": "/in/container", "mode":
/// "rw"}</c>, or a list of binds; a path alone is an anonymous volume.
/// </summary>
internal static class VolumeOptions
{
    public static void Add(JsonElement value, JsonObject config, JsonObject host)
    {
        var (binds, anonymous) = (new JsonArray(), new JsonObject());
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var volume in value.EnumerateObject())
                {
                    binds.Add((JsonNode)Bind(volume.Name, volume.Value));
                }

                break;
            case JsonValueKind.Array:
                foreach (var text in value.EnumerateArray().Select(volume => volume.ToString()))
                {
                    if (text.Contains(':', StringComparison.Ordinal))
                    {
                        binds.Add((JsonNode)text);
                    }
                    else
                    {
                        anonymous[text] = new JsonObject();
                    }
                }

                break;
            default:
                throw OptionValue.Wrong("a map or a list of volumes");
        }

        host["Binds"] = binds;
        config["Volumes"] = anonymous;
    }

    private static string Bind(string source, JsonElement target)
    {
        if (target.ValueKind == JsonValueKind.String)
        {
            return $"{source}:{target.GetString()}";
        }

        return target.FindText("bind") is { } bind
            ? $"{source}:{bind}:{target.FindText("mode") ?? "rw"}"
            : throw OptionValue.Wrong($"a map whose {source} has a \"bind\"");
    }
}
