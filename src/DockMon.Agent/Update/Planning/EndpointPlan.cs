using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Engine;

namespace DockMon.Agent.Update.Planning;

/// <summary>Plans a container's networks: the endpoint settings that were asked for, without what Docker assigned.</summary>
internal static class EndpointPlan
{
    /// <summary>Members that Docker assigns.</summary>
    private static readonly string[] Assigned =
        ["NetworkID", "EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "IPv6Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "DNSNames"];

    /// <summary>The networks of the container, the one of its network mode first: that one is part of the create body.</summary>
    public static IReadOnlyList<KeyValuePair<string, JsonObject>> Plan(JsonObject container, JsonObject host, string id, List<string> reasons)
    {
        var mode = host.GetText("NetworkMode");
        if (mode is "host" or "none"
            || mode.StartsWith("container:", StringComparison.Ordinal)
            || container["NetworkSettings"].Member("Networks") is not JsonObject networks)
        {
            return [];
        }

        var main = mode is "default" or "" ? "bridge" : mode;
        // The mode may name its network by id.
        bool IsMain(KeyValuePair<string, JsonNode?> network) =>
            network.Key == main || (network.Value is JsonObject endpoint && endpoint.GetText("NetworkID") == main);
        return [.. networks.OrderByDescending(IsMain).Select(network =>
            KeyValuePair.Create(network.Key, Endpoint(network.Value as JsonObject ?? [], network.Key, id, reasons)))];
    }

    private static JsonObject Endpoint(JsonObject inspected, string name, string id, List<string> reasons)
    {
        var endpoint = (JsonObject)inspected.DeepClone();
        var mac = inspected.GetText("MacAddress");
        if (mac.Length > 0 && mac == GeneratedMac(inspected.GetText("IPAddress")))
        {
            endpoint.Remove("MacAddress");
        }
        else if (mac.Length > 0)
        {
            reasons.Add($"The MAC address on {name} is not one that Docker derives from the address, and is kept.");
        }

        foreach (var member in Assigned)
        {
            endpoint.Remove(member);
        }

        if (inspected["Aliases"] is JsonArray aliases)
        {
            // Docker adds the short id by itself. That of the old container would be wrong; any other name of 12 characters is the user's.
            var kept = aliases.Where(alias => alias.FindText() != new ContainerId(id).Short);
            endpoint["Aliases"] = new JsonArray([.. kept.Select(alias => alias?.DeepClone())]);
        }

        return endpoint;
    }

    /// <summary>The address Docker derives from an IPv4 address: 02:42 and its four bytes.</summary>
    private static string? GeneratedMac(string address) =>
        IPAddress.TryParse(address, out var ip) && ip.GetAddressBytes() is [var a, var b, var c, var d]
            ? string.Create(CultureInfo.InvariantCulture, $"02:42:{a:x2}:{b:x2}:{c:x2}:{d:x2}") : null;
}
