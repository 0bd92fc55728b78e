using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>A container that shares a namespace of one that is updated, directly or through another dependent.</summary>
/// <param name="Id">64 characters of its id.</param>
/// <param name="Name">Its name, without a slash.</param>
/// <param name="WasRunning">Whether it ran before the update stopped anything: some end with the container whose namespace they share.</param>
internal sealed record Dependent(string Id, string Name, bool WasRunning);

/// <summary>The dependents of a container.</summary>
/// <param name="Dependents">All of them, each after those whose namespaces it shares itself.</param>
/// <param name="Refusal">Why one of them cannot be recreated; null if all can.</param>
/// <param name="Unseen">The containers that could not be inspected, and why. The engine's list has their network mode only.</param>
internal sealed record DependentsFound(IReadOnlyList<Dependent> Dependents, string? Refusal, IReadOnlyList<string> Unseen);

/// <summary>Finds the dependents of a container.</summary>
internal sealed class DependentFinder(EngineClient engine, HiddenContainers hidden, TimeProvider time)
{
    /// <summary>How long the inspection of one container may take.</summary>
    private static readonly TimeSpan OneLimit = TimeSpan.FromSeconds(10);

    /// <summary>How long the inspection of all containers may take.</summary>
    private static readonly TimeSpan AllLimit = TimeSpan.FromSeconds(30);

    private const int AtOnce = 8;

    /// <summary>Inspects every container there is: the engine's list tells network modes only.</summary>
    /// <param name="id">64 characters of the container's id.</param>
    /// <param name="ct">Cancels the requests.</param>
    public async Task<DependentsFound> FindAsync(string id, CancellationToken ct)
    {
        var listed = await ListAsync(ct);
        var began = time.GetTimestamp();
        var seen = new InspectedContainer?[listed.Count];
        await Parallel.ForEachAsync(listed.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (item, token) =>
            seen[item.Index] = await InspectAsync(item.Item, AllLimit - time.GetElapsedTime(began), token));
        if (Array.TrueForAll(seen, container => container?.Unseen is not null))
        {
            // One container may break the engine's answer. If all do, the engine is unavailable, and this throws.
            await engine.ListContainersAsync(all: true, ct);
        }

        var containers = seen.OfType<InspectedContainer>().ToList();
        var dependents = Order(containers, id);
        await hidden.LearnAsync(dependents.Select(dependent => dependent.Id), ct);
        var unseen = containers
            .Where(container => container.Unseen is not null)
            .Select(container => hidden.IsHidden(container.Id, container.Name) ? "one that the policy hides" : $"{container.Name} ({container.Unseen})");
        return new DependentsFound(dependents, await RefusalAsync(containers, dependents, ct), [.. unseen]);
    }

    /// <summary>The dependents among containers, in the order in which they can be created. Pure.</summary>
    internal static IReadOnlyList<Dependent> Order(IReadOnlyList<InspectedContainer> containers, string id)
    {
        var owners = containers.ToDictionary(
            container => container.Id,
            container => container.Owners.Select(reference => Resolve(containers, reference)).OfType<string>().ToList(),
            StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal) { id };
        while (owners.Any(container => container.Value.Any(found.Contains) && found.Add(container.Key)))
        {
            // Another dependent was found, and may have dependents itself.
        }

        var placed = new HashSet<string>(StringComparer.Ordinal) { id };
        var order = new List<Dependent>();
        while (containers.FirstOrDefault(container => IsNext(container.Id)) is { } next)
        {
            placed.Add(next.Id);
            order.Add(new Dependent(next.Id, next.Name, next.IsRunning));
        }

        return order;

        bool IsNext(string candidate) =>
            found.Contains(candidate)
            && !placed.Contains(candidate)
            && owners[candidate].All(owner => placed.Contains(owner) || !found.Contains(owner));
    }

    private static string? Resolve(IReadOnlyList<InspectedContainer> containers, string reference) =>
        containers.FirstOrDefault(container =>
            container.Name == reference || new ContainerId(container.Id).Matches(reference))?.Id;

    private async Task<IReadOnlyList<InspectedContainer>> ListAsync(CancellationToken ct) =>
        [.. (await engine.ListContainersAsync(all: true, ct)).Select(InspectedContainer.OfListed)];

    /// <summary>The container as far as the engine describes it; null if somebody removed it since it was listed.</summary>
    private async Task<InspectedContainer?> InspectAsync(InspectedContainer listed, TimeSpan remaining, CancellationToken ct)
    {
        if (remaining <= TimeSpan.Zero)
        {
            return listed with { Unseen = $"timeout: the engine took more than {AllLimit.TotalSeconds:0} s for the other containers" };
        }

        try
        {
            return InspectedContainer.Of(await engine.InspectContainerJsonAsync(listed.Id, ct, remaining < OneLimit ? remaining : OneLimit));
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
            if (hidden.IsHidden(dependent.Id, dependent.Name))
            {
                return "a container that this host's policy hides has a namespace from it, and would have to be recreated";
            }

            var container = containers.First(container => container.Id == dependent.Id);
            if (!container.HasConfig)
            {
                return $"{dependent.Name} has its network from it, would have to be recreated, and cannot be looked at";
            }

            if (await Protection.IsOnAsync(engine, container.IsLabelled, container.ImageId, ct))
            {
                return $"{dependent.Name} has a namespace from it, would have to be recreated, and is protected by its label {Protection.Label}=true";
            }
        }

        return null;
    }
}
