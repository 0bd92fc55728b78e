using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Agent.Policies.Create.Paths;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>Asks the engine for what settings do not tell by themselves: what is behind the names of volumes, networks and other containers.</summary>
internal sealed class SettingsResolver(EngineClient engine)
{
    /// <summary>Most things that are asked for because of one container.</summary>
    public const int MostQuestions = 200;

    /// <param name="settings">The settings.</param>
    /// <param name="host">What is known of the host.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The settings with all that the container has by its references.</returns>
    /// <exception cref="EngineException">The engine does not tell.</exception>
    public async Task<EffectiveSettings> ResolveAsync(EffectiveSettings settings, HostFacts host, CancellationToken ct)
    {
        var dangers = settings.Dangers.ToList();
        var asked = new HashSet<EngineReference>();
        var open = new Queue<(EngineReference Reference, string? Via)>(settings.References.Select(reference => (reference, (string?)null)));
        while (open.TryDequeue(out var next))
        {
            if (!asked.Add(next.Reference))
            {
                continue;
            }

            if (asked.Count > MostQuestions)
            {
                dangers.Add(new Danger(DangerKind.Unknown, $"more than {MostQuestions} volumes, networks and containers"));
                break;
            }

            var (found, further) = await AskAsync(next.Reference, next.Via, host, ct);
            dangers.AddRange(found);
            foreach (var reference in further)
            {
                open.Enqueue((reference, next.Via ?? Describe(next.Reference)));
            }
        }

        return settings with { Dangers = [.. dangers.Distinct()], References = [] };
    }

    private static string Describe(EngineReference reference) => reference.Kind switch
    {
        EngineReferenceKind.Volume => $"volume {reference.Name}",
        EngineReferenceKind.Network => $"network {reference.Name}",
        EngineReferenceKind.Mounts => $"volumes_from {reference.Name}",
        EngineReferenceKind.NetworkNamespace => $"the network of container {reference.Name}",
        EngineReferenceKind.ProcessNamespace => $"the processes of container {reference.Name}",
        _ => $"the IPC of container {reference.Name}",
    };

    private async Task<(IEnumerable<Danger> Dangers, IEnumerable<EngineReference> Further)> AskAsync(
        EngineReference reference, string? via, HostFacts host, CancellationToken ct)
    {
        via ??= Describe(reference);
        try
        {
            switch (reference.Kind)
            {
                case EngineReferenceKind.Volume:
                    var volume = await engine.InspectVolumeAsync(reference.Name, ct);
                    return (host.OwnVolumes.Contains(volume.Name)
                        ? [new Danger(DangerKind.HostPath, HostPaths.Clean(volume.Mountpoint), via)]
                        : VolumeOptionDangers.Of(volume.Driver, volume.Options, via), []);
                case EngineReferenceKind.Network:
                    var network = await engine.InspectNetworkAsync(reference.Name, ct);
                    return (network.Driver == "host" ? [new Danger(DangerKind.HostNamespace, "network", via)] : [], []);
                default:
                    return Inherit(reference.Kind, await engine.InspectContainerJsonAsync(reference.Name, ct), via);
            }
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return ([], []); // What is not there is made as the settings say, or is an error of the engine's.
        }
    }

    /// <summary>What a container has from another one.</summary>
    /// <param name="kind">What it takes from there.</param>
    /// <param name="container">Docker's inspect object of the other one.</param>
    /// <param name="via">What a refusal calls the way to it.</param>
    public static (IEnumerable<Danger> Dangers, IEnumerable<EngineReference> Further) Inherit(EngineReferenceKind kind, JsonObject container, string via)
    {
        var other = EngineSettings.Read(
            new JsonObject { ["HostConfig"] = container["HostConfig"]?.DeepClone() },
            container.GetText("Name"));
        var (dangers, further) = kind switch
        {
            EngineReferenceKind.Mounts => (
                other.Dangers.Where(danger => danger.Kind == DangerKind.HostPath),
                other.References.Where(reference => reference.Kind is EngineReferenceKind.Volume or EngineReferenceKind.Mounts)),
            EngineReferenceKind.NetworkNamespace => (
                other.Dangers.Where(danger => danger is { Kind: DangerKind.HostNamespace, Value: "network" }),
                other.References.Where(reference => reference.Kind is EngineReferenceKind.NetworkNamespace or EngineReferenceKind.Network)),
            EngineReferenceKind.IpcNamespace => (
                other.Dangers.Where(danger => danger is { Kind: DangerKind.HostNamespace, Value: "IPC" }),
                other.References.Where(reference => reference.Kind == EngineReferenceKind.IpcNamespace)),
            // Whoever sees the processes of a container can take over what they have.
            _ => (other.Dangers, other.References),
        };
        return (dangers.Select(danger => danger with { Via = via }), further);
    }
}
