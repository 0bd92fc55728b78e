using System.Net;
using System.Text.Json.Nodes;
using DockMon.Agent.Hosting;
using DockMon.Agent.Json;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>Finds out whether the agent itself needs a container: an update stops it, and an agent that is cut off by that cannot start it again.</summary>
internal static class AgentDependencyCheck
{
    /// <summary>Why the agent needs a container for a namespace, which it shares directly or through others; null if it does not.</summary>
    /// <param name="id">64 characters of the container's id.</param>
    /// <param name="self">The agent's own container.</param>
    /// <param name="inspect">Inspects a container, by id or by name.</param>
    /// <param name="ct">Cancels the requests.</param>
    /// <exception cref="EngineException">The engine does not answer.</exception>
    public static async Task<string?> SharedAsync(
        string id, SelfContainer self, Func<string, CancellationToken, Task<JsonObject>> inspect, CancellationToken ct)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Queue<string>([self.Id]);
        while (pending.TryDequeue(out var reference))
        {
            JsonObject container;
            try
            {
                container = await inspect(reference, ct);
            }
            catch (EngineException e) when (e.IsMissing)
            {
                continue; // It was recreated; who shared its namespaces still runs in the old ones.
            }

            if (container.GetText("Id") == id && id != self.Id)
            {
                return "the agent has its network, or another namespace, from it";
            }

            foreach (var owner in Namespaces.Owners(container).Where(seen.Add))
            {
                pending.Enqueue(owner);
            }
        }

        return null;
    }

    /// <summary>How the agent reaches the engine through a container; null if it does not.</summary>
    /// <param name="container">Docker's inspect object.</param>
    /// <param name="self">The agent's own container; null if it runs in none.</param>
    /// <param name="engine">The address of the engine.</param>
    public static string? Of(JsonObject container, SelfContainer? self, EngineEndpoint engine)
    {
        var name = container.GetText("Name").TrimStart('/');
        // A proxy in front of the engine's socket.
        return engine.Host is { } host
            && (IsAddress(container, host) || (self is not null && IsName(container, name, host)) || (IsLoopback(host) && Publishes(container, engine.Port)))
            ? $"the agent reaches the engine through it (DOCKER_HOST is {engine.Description})" : null;
    }

    private static bool IsName(JsonObject container, string name, string host) =>
        host.Equals(name, StringComparison.OrdinalIgnoreCase)
        || Endpoints(container)
            .SelectMany(endpoint => endpoint["Aliases"] as JsonArray ?? [])
            .Any(alias => host.Equals(alias.FindText(), StringComparison.OrdinalIgnoreCase));

    private static bool IsAddress(JsonObject container, string host) =>
        Endpoints(container).Any(endpoint => host == endpoint.GetText("IPAddress") || host == endpoint.GetText("GlobalIPv6Address"));

    private static bool Publishes(JsonObject container, int port) =>
        (container["NetworkSettings"].Member("Ports") as JsonObject ?? []).SelectMany(binding => binding.Value as JsonArray ?? []).OfType<JsonObject>()
            .Any(binding => int.TryParse(binding.GetText("HostPort"), out var published) && published == port);

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static IEnumerable<JsonObject> Endpoints(JsonObject container) =>
        (container["NetworkSettings"].Member("Networks") as JsonObject ?? []).Select(network => network.Value).OfType<JsonObject>();
}
