using System.Text.Json;
using DockMon.Agent.Commands;
using Xunit;

namespace DockMon.Agent.Tests.Commands;

/// <summary>Runs the agent's routes as a request of a server would.</summary>
internal static class RouteExtensions
{
    /// <summary>Runs one route.</summary>
    /// <param name="routes">All routes.</param>
    /// <param name="name">The command or action.</param>
    /// <param name="payload">Its payload; null for none.</param>
    public static async Task<JsonElement> RunAsync(this IReadOnlyDictionary<string, Route> routes, string name, string? payload = null) =>
        JsonElement.Parse(await routes[name].Bind(payload is null ? default : JsonElement.Parse(payload)).Run(TestContext.Current.CancellationToken));
}
