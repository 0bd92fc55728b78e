using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>A container that has a namespace from one that is updated, directly or from another one that has.</summary>
/// <param name="Id">64 characters of its id.</param>
/// <param name="Name">Its name, without a slash.</param>
/// <param name="WasRunning">Whether it ran before the update stopped anything: some end with what they hang on.</param>
internal sealed record Dependent(string Id, string Name, bool WasRunning);

/// <summary>What was found.</summary>
/// <param name="Dependents">All of them, each after those that it hangs on itself.</param>
/// <param name="Refusal">Why one of them cannot come along; null when all can.</param>
/// <param name="Unseen">The containers of which only the engine's list tells, and why: of their networks it does, of their other namespaces it does not.</param>
internal sealed record DependentsFound(IReadOnlyList<Dependent> Dependents, string? Refusal, IReadOnlyList<string> Unseen);

/// <summary>Finds the dependents of a container.</summary>
internal sealed class DependentFinder(EngineClient engine, TimeProvider time)
{
    /// <summary>A container whose inspection hangs holds nobody up for longer.</summary>
    private static readonly TimeSpan OneLimit = TimeSpan.FromSeconds(10);

    /// <summary>Nor do many of them.</summary>
    private static readonly TimeSpan AllLimit = TimeSpan.FromSeconds(30);

    private const int AtOnce = 8;

    /// <summary>Looks at every container there is: the engine's list tells of networks only.</summary>
    /// <param name="id">64 characters of the container's id.</param>
    /// <param name="ct">Ends the questions.</param>
    public async Task<DependentsFound> FindAsync(string id, CancellationToken ct)
    {
        var listed = JsonNode.Parse(await engine.ListContainersRawAsync(all: true, ct))!.AsArray().OfType<JsonObject>().ToList();
        var began = time.GetTimestamp();
        var seen = new (JsonObject? Container, string? Unseen)[listed.Count];
        await Parallel.ForEachAsync(listed.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (item, token) =>
            seen[item.Index] = await InspectAsync(item.Item, AllLimit - time.GetElapsedTime(began), token));
        if (Array.TrueForAll(seen, one => one.Unseen is not null))
        {
            await engine.ListContainersRawAsync(all: true, ct); // One container may break the engine's answer; all of them are an engine that is away.
        }

        var containers = seen.Select(one => one.Container).OfType<JsonObject>().ToList();
        var dependents = Order(containers, id);
        return new DependentsFound(dependents, await RefusalAsync(containers, dependents, ct), [.. seen.Select(one => one.Unseen).OfType<string>()]);
    }

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

    private static string IdOf(JsonObject container) => container.GetText("Id");

    private static string NameOf(JsonObject container) => container.GetText("Name").TrimStart('/');

    private async Task<(JsonObject? Container, string? Unseen)> InspectAsync(JsonObject item, TimeSpan left, CancellationToken ct)
    {
        var id = IdOf(item);
        try
        {
            return left <= TimeSpan.Zero ? AsListed(item, $"the engine has not told of other containers for {AllLimit.TotalSeconds:0} s")
                : (JsonNode.Parse(await engine.InspectContainerRawAsync(id, ct, left < OneLimit ? left : OneLimit))!.AsObject(), null);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return (null, null); // Somebody removed it since it was listed.
        }
        catch (EngineException e)
        {
            return AsListed(item, e.Message);
        }
    }

    /// <summary>What the list tells of a container, written as an inspection.</summary>
    private static (JsonObject Container, string Unseen) AsListed(JsonObject item, string reason)
    {
        var name = item["Names"] is JsonArray { Count: > 0 } names ? names[0]!.GetValue<string>().TrimStart('/') : UpdatePlanner.ShortId(IdOf(item));
        var container = new JsonObject
        {
            ["Id"] = IdOf(item),
            ["Name"] = name,
            ["State"] = new JsonObject { ["Running"] = item.GetText("State") is "running" or "paused" },
            ["HostConfig"] = item["HostConfig"]?.DeepClone(),
        };
        return (container, $"{name} ({reason})");
    }

    private async Task<string?> RefusalAsync(List<JsonObject> containers, IReadOnlyList<Dependent> dependents, CancellationToken ct)
    {
        foreach (var dependent in dependents)
        {
            var container = containers.First(container => IdOf(container) == dependent.Id);
            if (container["Config"] is null)
            {
                return $"{dependent.Name} has its network from it, would have to be made anew, and cannot be looked at";
            }

            if (await Protection.IsOnAsync(engine, container, ct))
            {
                return $"{dependent.Name} has a namespace from it, would have to be made anew, and is protected by its label {Protection.Label}=true";
            }
        }

        return null;
    }
}
