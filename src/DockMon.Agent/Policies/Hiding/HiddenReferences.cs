using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Json;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Hiding;

/// <summary>
/// What a new container would have from a hidden one, by its name or through other containers: whoever made the new one could read the files, see the
/// processes, or hear what the hidden one says.
/// </summary>
internal sealed class HiddenReferences(EngineClient engine, HiddenContainers hidden)
{
    /// <summary>Refuses new containers that have volumes, namespaces or links from a hidden one.</summary>
    /// <param name="settings">What they have. Not asked for while the policy hides none.</param>
    /// <param name="links">The containers that they are linked to.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="EngineException">There is no such container for the server.</exception>
    /// <exception cref="CommandException">A volume is a hidden container's, or there is too much to look at.</exception>
    public async Task RefuseAsync(Func<IEnumerable<EffectiveSettings>> settings, IEnumerable<string> links, CancellationToken ct)
    {
        if (!hidden.IsActive)
        {
            return;
        }

        foreach (var link in links)
        {
            await RefuseHiddenAsync(link, link, ct);
            await FindAsync(link, link, ct);
        }

        var volumes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in settings())
        {
            await FollowAsync(one, volumes, ct);
        }

        await RefuseVolumesAsync(volumes, ct);
    }

    /// <summary>The containers that a create body links to.</summary>
    /// <param name="body">The body.</param>
    /// <param name="endpoints">What the container is in networks that it is connected to afterwards.</param>
    public static IEnumerable<string> LinksOf(JsonObject body, IEnumerable<JsonObject> endpoints) =>
        ((body["NetworkingConfig"] as JsonObject)?["EndpointsConfig"] as JsonObject ?? []).Select(endpoint => endpoint.Value as JsonObject)
            .Concat(endpoints)
            .Append(body["HostConfig"] as JsonObject)
            .SelectMany(owner => owner?["Links"] as JsonArray ?? [])
            .Select(link => (link as JsonValue)?.TryGetValue<string>(out var text) == true ? text.Split(':')[0].TrimStart('/') : "");

    private async Task FollowAsync(EffectiveSettings settings, HashSet<string> volumes, CancellationToken ct)
    {
        var asked = new HashSet<EngineReference>();
        var open = new Queue<(EngineReference Reference, string Written)>(settings.References.Select(reference => (reference, reference.Name)));
        while (open.TryDequeue(out var next))
        {
            var (reference, written) = next;
            if (reference.Kind == EngineReferenceKind.Volume)
            {
                volumes.Add(reference.Name);
            }
            else if (reference.Kind != EngineReferenceKind.Network && asked.Add(reference))
            {
                if (asked.Count > SettingsResolver.MostQuestions)
                {
                    throw new CommandException(
                        $"{settings.Subject} has something from more than {SettingsResolver.MostQuestions} containers, directly or by others: "
                        + "whether a hidden one is among them was not looked for. Refer to fewer");
                }

                await RefuseHiddenAsync(reference.Name, written, ct);
                foreach (var further in await FindFurtherAsync(reference, written, ct))
                {
                    open.Enqueue((further, written));
                }
            }
        }
    }

    /// <summary>What another container has itself from others.</summary>
    private async Task<IEnumerable<EngineReference>> FindFurtherAsync(EngineReference reference, string written, CancellationToken ct)
    {
        if (await FindAsync(reference.Name, written, ct) is not { } container)
        {
            return []; // It is gone, and its volumes are mounted all the same.
        }

        // What is mounted has more than the settings tell: volumes without a name of their own, and those of containers that are gone.
        var mounted = reference.Kind is EngineReferenceKind.Mounts or EngineReferenceKind.ProcessNamespace
            ? (container["Mounts"] as JsonArray ?? []).OfType<JsonObject>().Select(mount => mount.GetText("Name")).Where(name => name.Length > 0)
            : [];
        return SettingsResolver.Inherit(reference.Kind, container, via: "").Further
            .Concat(mounted.Select(name => new EngineReference(EngineReferenceKind.Volume, name)));
    }

    /// <summary>
    /// A container that something is had from. One that the request names and that is not there is answered here: of that some engines say something else when
    /// they create, and a hidden one must not be told from it.
    /// </summary>
    private async Task<JsonObject?> FindAsync(string reference, string written, CancellationToken ct)
    {
        try
        {
            return await engine.InspectContainerJsonAsync(reference, ct);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            if (reference == written)
            {
                await MissingContainer.ThrowAsync(engine, written, ct);
            }

            return null;
        }
    }

    /// <param name="reference">A container that something is had from.</param>
    /// <param name="written">The one that the request names, which may have it from there.</param>
    /// <param name="ct">Ends it.</param>
    private async Task RefuseHiddenAsync(string reference, string written, CancellationToken ct)
    {
        if (await hidden.IsHiddenAsync(reference, ct))
        {
            await MissingContainer.ThrowAsync(engine, written, ct);
        }
    }

    private async Task RefuseVolumesAsync(HashSet<string> volumes, CancellationToken ct)
    {
        if (volumes.Count == 0)
        {
            return;
        }

        foreach (var id in await hidden.FindAsync(await engine.ListContainersAsync(all: true, ct), ct))
        {
            if ((await MountsOfAsync(id, ct)).FirstOrDefault(mount => volumes.Contains(mount.Name)) is { } mount)
            {
                throw new CommandException(Decision.Refuse("hide", $"volume {mount.Name} is mounted into a container that is hidden from the server").Error);
            }
        }
    }

    private async Task<IReadOnlyList<ContainerMount>> MountsOfAsync(string id, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectContainerAsync(id, ct)).Mounts;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return []; // Removed since it was listed.
        }
    }
}
