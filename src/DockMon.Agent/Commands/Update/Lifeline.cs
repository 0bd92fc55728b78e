using System.Net;
using System.Text.Json.Nodes;
using DockMon.Agent.Hosting;
using DockMon.Engine;

namespace DockMon.Agent.Commands.Update;

/// <summary>What the agent itself hangs on: an update stops the container, and an agent that is cut off by that can never start it again.</summary>
internal static class Lifeline
{
    /// <summary>Says how the agent depends on a container; null when it does not.</summary>
    /// <param name="container">Docker's inspect object.</param>
    /// <param name="self">The agent's own container; null when it runs in none.</param>
    /// <param name="engine">Where the agent finds the engine.</param>
    public static string? Of(JsonObject container, SelfContainer? self, EngineEndpoint engine)
    {
        var (id, name) = (UpdatePlanner.Text(container, "Id"), UpdatePlanner.Text(container, "Name").TrimStart('/'));
        if (self is not null && (self.NetworkMode == "container:" + id || self.NetworkMode == "container:" + name))
        {
            return "the agent has its network from it (network_mode)";
        }

        // A proxy in front of the engine's socket.
        return engine.Host is { } host && (IsAddress(container, host) || (self is not null && IsName(container, name, host)) || (IsLoopback(host) && Publishes(container, engine.Port)))
            ? $"the agent reaches the engine through it (DOCKER_HOST is {engine.Description})" : null;
    }

    private static bool IsName(JsonObject container, string name, string host) =>
        host.Equals(name, StringComparison.OrdinalIgnoreCase)
        || Endpoints(container).SelectMany(endpoint => endpoint["Aliases"] as JsonArray ?? []).Any(alias => host.Equals(alias?.GetValue<string>(), StringComparison.OrdinalIgnoreCase));

    private static bool IsAddress(JsonObject container, string host) =>
        Endpoints(container).Any(endpoint => host == UpdatePlanner.Text(endpoint, "IPAddress") || host == UpdatePlanner.Text(endpoint, "GlobalIPv6Address"));

    private static bool Publishes(JsonObject container, int port) =>
        (container["NetworkSettings"]?["Ports"] as JsonObject ?? []).SelectMany(binding => binding.Value as JsonArray ?? []).OfType<JsonObject>()
            .Any(binding => int.TryParse(UpdatePlanner.Text(binding, "HostPort"), out var published) && published == port);

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static IEnumerable<JsonObject> Endpoints(JsonObject container) =>
        (container["NetworkSettings"]?["Networks"] as JsonObject ?? []).Select(network => network.Value).OfType<JsonObject>();
}
