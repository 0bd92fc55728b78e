using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Volumes;

/// <summary>The volumes of the host.</summary>
internal sealed class VolumeCommands(EngineClient engine, HiddenContainers hidden)
{
    public void AddTo(Routes routes)
    {
        routes.Commands[CommandNames.ListVolumes] = Route.For(
            "list volumes",
            ProtocolJson.Default.SuccessResult,
            ProtocolJson.Default.IReadOnlyListVolumeSummary,
            lane: null,
            (_, ct) => ListAsync(ct)) with { Place = ReadPool.List };
        routes.Commands[CommandNames.CreateVolume] = Route.For(
            "create volume",
            ProtocolJson.Default.CreateVolumeRequest,
            ProtocolJson.Default.CreateVolumeRequest,
            LaneAsync,
            (request, ct) => CreateAsync(request.Name, ct));
        routes.Commands[CommandNames.DeleteVolume] = Route.For(
            "delete volume",
            ProtocolJson.Default.DeleteVolumeRequest,
            ProtocolJson.Default.SuccessResult,
            LaneAsync,
            DeleteAsync);
        routes.Commands[CommandNames.PruneVolumes] = Route.For(
            "prune volumes",
            ProtocolJson.Default.SuccessResult,
            ProtocolJson.Default.PruneResult,
            LaneAsync,
            (_, ct) => PruneAsync(ct));
        routes.Operations[OperationActions.ListVolumes] = Route.For(
            "list volumes",
            ProtocolJson.Default.ContainerOperation,
            ProtocolJson.Default.OperationResult,
            lane: null,
            async (_, ct) => new OperationResult { Volumes = await ListAsync(ct) }) with { Place = ReadPool.List };
        routes.Operations[OperationActions.CreateVolume] = Route.For(
            "create volume",
            ProtocolJson.Default.ContainerOperation,
            ProtocolJson.Default.OperationResult,
            LaneAsync,
            async (request, ct) => new OperationResult { VolumeName = (await CreateAsync(request.Name, ct)).Name });
    }

    private static ValueTask<string> LaneAsync<T>(T request, CancellationToken ct) => ValueTask.FromResult("volumes");

    private async Task<IReadOnlyList<VolumeSummary>> ListAsync(CancellationToken ct)
    {
        var volumes = await engine.ListVolumesAsync(ct);
        var containers = await engine.ListContainersAsync(all: true, ct);
        var unseen = await hidden.FindAsync(containers, ct);
        var users = containers
            .SelectMany(container => VolumesOf(container).Select(volume => (Volume: volume, User: container)))
            .ToLookup(use => use.Volume, use => use.User, StringComparer.Ordinal);
        return [.. volumes.Select(volume => Summarise(volume, new ContainerUsage(users[volume.Name], unseen)))];
    }

    private static IEnumerable<string> VolumesOf(ContainerSummary container) =>
        container.Mounts.Where(mount => mount.Type == "volume").Select(mount => mount.Name).Distinct(StringComparer.Ordinal);

    private static VolumeSummary Summarise(EngineVolume volume, ContainerUsage users) => new()
    {
        Name = volume.Name,
        Driver = volume.Driver,
        Mountpoint = volume.Mountpoint,
        Created = ContainerUsage.Seconds(volume.CreatedAt),
        Containers = users.Names,
        ContainerCount = users.Count,
        InUse = users.Count > 0,
    };

    private async Task<CreateVolumeRequest> CreateAsync(string? name, CancellationToken ct)
    {
        var wanted = string.IsNullOrWhiteSpace(name) ? throw new CommandException("name is missing") : name;
        return new CreateVolumeRequest { Name = await engine.CreateVolumeAsync(wanted, ct) };
    }

    private async Task<SuccessResult> DeleteAsync(DeleteVolumeRequest request, CancellationToken ct)
    {
        var name = string.IsNullOrWhiteSpace(request.VolumeName) ? throw new CommandException("volume_name is missing") : request.VolumeName;
        await engine.RemoveVolumeAsync(name, request.Force ?? false, ct);
        return new SuccessResult();
    }

    private async Task<PruneResult> PruneAsync(CancellationToken ct)
    {
        var pruned = await engine.PruneVolumesAsync(ct);
        return new PruneResult { RemovedCount = pruned.Removed.Count, SpaceReclaimed = pruned.SpaceReclaimed, VolumesRemoved = pruned.Removed };
    }
}
