using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Engine;

namespace DockMon.Agent.Update.Planning;

/// <summary>
/// Plans the container that replaces another one. What the user set stays; what the container inherited from its old image follows the new
/// one. The inspected JSON is edited, so that settings this code does not know survive. Pure: no engine, no clock.
/// </summary>
internal static class UpdatePlanner
{
    /// <summary>Plans the successor of a container.</summary>
    /// <param name="container">Docker's inspect object of the container.</param>
    /// <param name="oldImage">Docker's inspect object of its image; empty if the image was removed.</param>
    /// <param name="newImage">The reference of the image of the successor.</param>
    public static UpdatePlan Plan(JsonObject container, JsonObject oldImage, string newImage)
    {
        container = PodmanInspection.ToDocker(container);
        var reasons = new List<string>();
        var id = container.GetText("Id");
        var inherited = oldImage["Config"] as JsonObject ?? [];
        if (oldImage.Count == 0)
        {
            reasons.Add("The old image is gone: what was inherited from it cannot be told from what was set, and all of it is kept.");
        }

        var config = Copy(container, "Config");
        var host = Copy(container, "HostConfig");
        config["Image"] = newImage;
        ImageDefaults.Remove(config, host, inherited, reasons);
        FixIdentity(config, host, id, reasons);
        VolumeCarryOver.CarryOver(container, config, host, inherited, reasons);
        FixLinks(host);
        host.Remove("ContainerIDFile");

        var networks = EndpointPlan.Plan(container, host, id, reasons);
        var body = config;
        body["HostConfig"] = host;
        if (networks.Count > 0)
        {
            body["NetworkingConfig"] = new JsonObject { ["EndpointsConfig"] = new JsonObject { [networks[0].Key] = networks[0].Value } };
        }

        return new UpdatePlan(body, [.. networks.Skip(1)], reasons);
    }

    private static JsonObject Copy(JsonObject o, string name) => o[name]?.DeepClone() as JsonObject ?? [];

    private static void FixIdentity(JsonObject config, JsonObject host, string id, List<string> reasons)
    {
        var network = host.GetText("NetworkMode");
        var sharesNames = host.GetText("UTSMode") == "host" || network.StartsWith("container:", StringComparison.Ordinal);
        if (sharesNames || config.GetText("Hostname") == new ContainerId(id).Short)
        {
            reasons.Add(sharesNames
                ? "The host name is another's (UTS or network namespace) and is not set."
                : "The host name was the old container's id and is left to Docker.");
            config.Remove("Hostname");
        }

        if (sharesNames)
        {
            config.Remove("Domainname");
        }

        if (network.StartsWith("container:", StringComparison.Ordinal))
        {
            // Docker refuses these for a container that has no network of its own.
            config.Remove("ExposedPorts");
            config.Remove("MacAddress");
            host.Remove("PortBindings");
            host.Remove("PublishAllPorts");
        }
    }

    // Inspect has "/db:/web/alias", create takes "db:alias".
    private static void FixLinks(JsonObject host)
    {
        if (host["Links"] is JsonArray links)
        {
            host["Links"] = new JsonArray([.. links.Select(link => link.FindText()?.Split(':', 2) is [var target, var alias]
                ? (JsonNode)$"{target.TrimStart('/')}:{alias[(alias.LastIndexOf('/') + 1)..]}" : link?.DeepClone())]);
        }
    }
}
