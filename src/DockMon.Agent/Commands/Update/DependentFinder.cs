using System.Text.Json.Nodes;
using DockMon.Engine;

namespace DockMon.Agent.Commands.Update;

/// <summary>A container that has a namespace from one that is updated, directly or from another one that has.</summary>
/// <param name="Id">64 characters of its id.</param>
/// <param name="Name">Its name, without a slash.</param>
/// <param name="WasRunning">Whether it ran before the update stopped anything: some end with what they hang on.</param>
internal sealed record Dependent(string Id, string Name, bool WasRunning);

/// <summary>Finds the dependents of a container.</summary>
internal sealed class DependentFinder(EngineClient engine)
{
    /// <summary>All of them, each after those that it hangs on itself.</summary>
    /// <param name="id">64 characters of the container's id.</param>
    /// <param name="ct">Ends the questions.</param>
    public async Task<IReadOnlyList<Dependent>> FindAsync(string id, CancellationToken ct) => Order(await InspectAllAsync(ct), id);

    /// <summary>The same of containers that were inspected. Pure.</summary>
    internal static IReadOnlyList<Dependent> Order(IReadOnlyList<JsonObject> containers, string id)
    {
        var owners = containers.ToDictionary(IdOf, container => Namespaces.Owners(container).Select(reference => Resolve(containers, reference)).OfType<string>().ToList(), StringComparer.Ordinal);
        var hanging = new HashSet<string>(StringComparer.Ordinal) { id };
        while (owners.Any(container => container.Value.Any(hanging.Contains) && hanging.Add(container.Key)))
        {
            // One more was found; others may hang on it.
        }

        var placed = new HashSet<string>(StringComparer.Ordinal) { id };
        var order = new List<Dependent>();
        while (containers.FirstOrDefault(container => hanging.Contains(IdOf(container)) && !placed.Contains(IdOf(container)) && owners[IdOf(container)].All(owner => placed.Contains(owner) || !hanging.Contains(owner))) is { } next)
        {
            placed.Add(IdOf(next));
            order.Add(new Dependent(IdOf(next), NameOf(next), next["State"]?["Running"]?.GetValue<bool>() == true));
        }

        return order;
    }

    private static string? Resolve(IReadOnlyList<JsonObject> containers, string reference) =>
        containers.FirstOrDefault(container => IdOf(container) == reference || NameOf(container) == reference || (reference.Length >= 12 && IdOf(container).StartsWith(reference, StringComparison.Ordinal))) is { } found
            ? IdOf(found) : null;

    private static string IdOf(JsonObject container) => UpdatePlanner.Text(container, "Id");

    private static string NameOf(JsonObject container) => UpdatePlanner.Text(container, "Name").TrimStart('/');

    /// <summary>Every container there is: the engine's list tells of networks only.</summary>
    private async Task<List<JsonObject>> InspectAllAsync(CancellationToken ct)
    {
        var all = new List<JsonObject>();
        foreach (var item in JsonNode.Parse(await engine.ListContainersRawAsync(all: true, ct))!.AsArray().OfType<JsonObject>())
        {
            try
            {
                all.Add(await ContainerUpdater.InspectAsync(engine, UpdatePlanner.Text(item, "Id"), ct));
            }
            catch (EngineException e) when (e.IsMissing)
            {
                // Somebody removed it since it was listed.
            }
        }

        return all;
    }
}
