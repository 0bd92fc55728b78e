using System.Text.Json;
using System.Text.Json.Nodes;

namespace DockMon.Agent.Commands.Containers;

/// <summary>
/// The option <c>ports</c>: a map of container port (<c>80</c>, <c>80/udp</c>) to host port, to a
/// pair of address and port, to a list of those, or to null for one
/// that Docker chooses; or a list of container ports or of <c>[[IP:]HOST:]CONTAINER[/PROTOCOL]</c>.
/// </summary>
internal static class PortOptions
{
    public static void Add(JsonElement value, JsonObject config, JsonObject host)
    {
        var (exposed, bindings) = (new JsonObject(), new JsonObject());
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var port in value.EnumerateObject())
                {
                    Bind(exposed, bindings, port.Name, Bindings(port.Value));
                }

                break;
            case JsonValueKind.Array:
                foreach (var port in value.EnumerateArray())
                {
                    AddShort(port.ToString(), exposed, bindings);
                }

                break;
            default:
                throw OptionValue.Wrong("a map or a list of ports");
        }

        config["ExposedPorts"] = exposed;
        host["PortBindings"] = bindings;
    }

    private static JsonArray Bindings(JsonElement value) => value.ValueKind switch
    {
        // A pair of address and port is a list, too: what tells them apart is that its first part is no port.
        JsonValueKind.Array when value.GetArrayLength() == 2 && value[0].ValueKind == JsonValueKind.String && !ushort.TryParse(value[0].GetString(), out _) =>
            new JsonArray(Binding(value[0].GetString()!, value[1])),
        JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().SelectMany(Bindings).Select(binding => binding?.DeepClone())]),
        JsonValueKind.Null => new JsonArray(new JsonObject { ["HostIp"] = "", ["HostPort"] = "" }),
        _ => new JsonArray(Binding("", value)),
    };

    private static JsonObject Binding(string address, JsonElement port)
    {
        var text = port.ValueKind is JsonValueKind.Null ? "" : port.ToString();
        var colon = text.LastIndexOf(':');
        (address, text) = colon > 0 ? (text[..colon], text[(colon + 1)..]) : (address, text);
        return new JsonObject { ["HostIp"] = address, ["HostPort"] = text.Length == 0 ? "" : Checked(text) };
    }

    private static void AddShort(string text, JsonObject exposed, JsonObject bindings)
    {
        var slash = text.Split('/', 2);
        var colon = slash[0].LastIndexOf(':');
        var container = slash[0][(colon + 1)..] + (slash.Length > 1 ? "/" + slash[1] : "");
        Bind(exposed, bindings, container, colon < 0 ? [] : new JsonArray(Binding("", JsonElement.Parse($"\"{JsonEncodedText.Encode(slash[0][..colon])}\""))));
    }

    private static void Bind(JsonObject exposed, JsonObject bindings, string container, JsonArray hostPorts)
    {
        var parts = container.Split('/', 2);
        var key = $"{Checked(parts[0])}/{(parts.Length > 1 ? parts[1] : "tcp")}";
        exposed[key] = new JsonObject();
        if (hostPorts.Count > 0)
        {
            bindings[key] = hostPorts;
        }
    }

    /// <summary>A port, or a range of ports for Docker to choose from.</summary>
    private static string Checked(string text) => text.Split('-') is { Length: 1 or 2 } ports && ports.All(port => ushort.TryParse(port, out _))
        ? text
        : throw OptionValue.Wrong($"made of ports, which \"{text}\" is not");
}
