using System.Text.Json;
using System.Text.Json.Nodes;

namespace DockMon.Agent.Commands.Containers;

/// <summary>A network that a new container is to be in.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Endpoint">What the container is in it, in the engine's words; empty for the engine's choice.</param>
internal sealed record NetworkToJoin(string Name, JsonObject Endpoint);

/// <summary>Reads <c>network</c>, and <c>networks</c>: a list of names, or a map of names to what the SDK's <c>network.connect</c> takes.</summary>
internal static class NetworkOptions
{
    private const string Words = "aliases, links, ipv4_address, ipv6_address, link_local_ips, driver_opt and mac_address";

    /// <summary>The networks in the order they were given, each once; the first is the one the container is created in.</summary>
    public static IReadOnlyList<NetworkToJoin> Read(JsonElement options)
    {
        List<NetworkToJoin> networks = [];
        if (Given(options, "network") is { } one)
        {
            networks.Add(new NetworkToJoin(Text(one, "network", "a text"), []));
        }

        switch (Given(options, "networks"))
        {
            case null:
                break;
            case { ValueKind: JsonValueKind.Array } list:
                networks.AddRange(list.EnumerateArray().Select(name => new NetworkToJoin(Text(name, "networks", "a list of texts"), [])));
                break;
            case { ValueKind: JsonValueKind.Object } map:
                networks.AddRange(map.EnumerateObject().Select(network => new NetworkToJoin(network.Name, Endpoint(network))));
                break;
            default:
                throw Wrong("networks", "must be a list or a map");
        }

        // One that is named by both has what the map says of it.
        return [.. networks.GroupBy(network => network.Name, StringComparer.Ordinal).Select(same => same.Last())];
    }

    private static JsonObject Endpoint(JsonProperty network)
    {
        if (network.Value.ValueKind is JsonValueKind.Null)
        {
            return [];
        }

        if (network.Value.ValueKind is not JsonValueKind.Object)
        {
            throw Wrong("networks", $"must be a map whose {network.Name} is a map with {Words}");
        }

        var (endpoint, addresses) = (new JsonObject(), new JsonObject());
        foreach (var option in network.Value.EnumerateObject().Where(option => option.Value.ValueKind != JsonValueKind.Null))
        {
            try
            {
                Set(endpoint, addresses, option);
            }
            catch (FormatException e)
            {
                throw Wrong("networks", $"has a network {network.Name} whose {option.Name} {e.Message}");
            }
        }

        if (addresses.Count > 0)
        {
            endpoint["IPAMConfig"] = addresses;
        }

        return endpoint;
    }

    private static void Set(JsonObject endpoint, JsonObject addresses, JsonProperty option)
    {
        var (to, name, value) = option.Name switch
        {
            "aliases" => (endpoint, "Aliases", OptionValue.Texts(option.Value)),
            "links" => (endpoint, "Links", OptionValue.Pairs(option.Value, ":")),
            "driver_opt" or "driver_opts" => (endpoint, "DriverOpts", OptionValue.Labels(option.Value)),
            "mac_address" => (endpoint, "MacAddress", OptionValue.Text(option.Value)),
            "ipv4_address" => (addresses, "IPv4Address", OptionValue.Text(option.Value)),
            "ipv6_address" => (addresses, "IPv6Address", OptionValue.Text(option.Value)),
            "link_local_ips" => (addresses, "LinkLocalIPs", OptionValue.Texts(option.Value)),
            _ => throw new FormatException($"is not known; known are {Words}"),
        };
        to[name] = value;
    }

    private static JsonElement? Given(JsonElement options, string name) =>
        options.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Text(JsonElement value, string option, string accepted) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw Wrong(option, $"must be {accepted}");

    private static CommandException Wrong(string option, string what) => new($"failed to create container: option '{option}' in config {what}");
}
