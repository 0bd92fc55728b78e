using System.Text.Json.Nodes;
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
        var listed = await ListAsync(ct);
        var began = time.GetTimestamp();
        var seen = new InspectedContainer?[listed.Count];
        await Parallel.ForEachAsync(listed.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (item, token) =>
            seen[item.Index] = await InspectAsync(item.Item, AllLimit - time.GetElapsedTime(began), token));
        if (Array.TrueForAll(seen, container => container?.Unseen is not null))
        {
            await engine.ListContainersRawAsync(all: true, ct); // One container may break the engine's answer; all of them are an engine that is away.
        }

        var containers = seen.OfType<InspectedContainer>().ToList();
        var dependents = Order(containers, id);
        var unseen = containers.Where(container => container.Unseen is not null).Select(container => $"{container.Name} ({container.Unseen})");
        return new DependentsFound(dependents, await RefusalAsync(containers, dependents, ct), [.. unseen]);
    }

    /// <summary>The dependents among containers, in the order in which they can be created. Pure.</summary>
    internal static IReadOnlyList<Dependent> Order(IReadOnlyList<InspectedContainer> containers, string id)
    {
        var owners = containers.ToDictionary(
            container => container.Id, container => container.Owners.Select(reference => Resolve(containers, reference)).OfType<string>().ToList(), StringComparer.Ordinal);
        var hanging = new HashSet<string>(StringComparer.Ordinal) { id };
        while (owners.Any(container => container.Value.Any(hanging.Contains) && hanging.Add(container.Key)))
        {
            // One more was found; others may hang on it.
        }

        var placed = new HashSet<string>(StringComparer.Ordinal) { id };
        var order = new List<Dependent>();
        while (containers.FirstOrDefault(container => IsNext(container.Id)) is { } next)
        {
            placed.Add(next.Id);
            order.Add(new Dependent(next.Id, next.Name, next.IsRunning));
        }

        return order;

        bool IsNext(string candidate) => hanging.Contains(candidate) && !placed.Contains(candidate) && owners[candidate].All(owner => placed.Contains(owner) || !hanging.Contains(owner));
    }

    private static string? Resolve(IReadOnlyList<InspectedContainer> containers, string reference) =>
        containers.FirstOrDefault(container => container.Id == reference || container.Name == reference || (reference.Length >= 12 && container.Id.StartsWith(reference, StringComparison.Ordinal)))?.Id;

    private async Task<IReadOnlyList<InspectedContainer>> ListAsync(CancellationToken ct) =>
        [.. JsonNode.Parse(await engine.ListContainersRawAsync(all: true, ct))!.AsArray().OfType<JsonObject>().Select(InspectedContainer.OfListed)];

    /// <summary>The container, as far as the engine tells of it; null when somebody removed it since it was listed.</summary>
    private async Task<InspectedContainer?> InspectAsync(InspectedContainer listed, TimeSpan left, CancellationToken ct)
    {
        if (left <= TimeSpan.Zero)
        {
            return listed with { Unseen = $"the engine has not told of other containers for {AllLimit.TotalSeconds:0} s" };
        }

        try
        {
            return InspectedContainer.Of(await engine.InspectContainerJsonAsync(listed.Id, ct, left < OneLimit ? left : OneLimit));
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
        catch (EngineException e)
        {
            return listed with { Unseen = e.Message };
        }
    }

    private async Task<string?> RefusalAsync(List<InspectedContainer> containers, IReadOnlyList<Dependent> dependents, CancellationToken ct)
    {
        foreach (var dependent in dependents)
        {
            var container = containers.First(container => container.Id == dependent.Id);
            if (!container.HasConfig)
            {
                return $"{dependent.Name} has its network from it, would have to be made anew, and cannot be looked at";
            }

            if (await Protection.IsOnAsync(engine, container.IsLabelled, container.ImageId, ct))
            {
                return $"{dependent.Name} has a namespace from it, would have to be made anew, and is protected by its label {Protection.Label}=true";
            }
        }

        return null;
    }
}
