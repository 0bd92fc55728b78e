using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Volumes;

/// <summary>The volumes of the host.</summary>
internal sealed class VolumeCommands(EngineClient engine)
{
    private static readonly Version AllFilterSince = new(1, 42);
    private static readonly TimeSpan PruneLimit = TimeSpan.FromMinutes(10);

    public void AddTo(IDictionary<string, Route> commands, IDictionary<string, Route> operations)
    {
        commands[CommandNames.ListVolumes] = Route.For("list volumes", ProtocolJson.Default.SuccessResult, ProtocolJson.Default.IReadOnlyListVolumeSummary, lane: null, (_, ct) => ListAsync(ct)) with { Place = ReadPool.List };
        commands[CommandNames.CreateVolume] = Route.For("create volume", ProtocolJson.Default.CreateVolumeRequest, ProtocolJson.Default.CreateVolumeRequest, LaneAsync, (request, ct) => CreateAsync(request.Name, ct));
        commands[CommandNames.DeleteVolume] = Route.For("delete volume", ProtocolJson.Default.DeleteVolumeRequest, ProtocolJson.Default.SuccessResult, LaneAsync, DeleteAsync);
        commands[CommandNames.PruneVolumes] = Route.For("prune volumes", ProtocolJson.Default.SuccessResult, ProtocolJson.Default.PruneResult, LaneAsync, (_, ct) => PruneAsync(ct));
        operations[OperationActions.ListVolumes] = Route.For("list volumes", ProtocolJson.Default.ContainerOperation, ProtocolJson.Default.OperationResult, lane: null,
            async (_, ct) => new OperationResult { Volumes = await ListAsync(ct) }) with { Place = ReadPool.List };
        operations[OperationActions.CreateVolume] = Route.For("create volume", ProtocolJson.Default.ContainerOperation, ProtocolJson.Default.OperationResult, LaneAsync,
            async (request, ct) => new OperationResult { VolumeName = (await CreateAsync(request.Name, ct)).Name });
    }

    private static ValueTask<string> LaneAsync<T>(T request, CancellationToken ct) => ValueTask.FromResult("volumes");

    private async Task<IReadOnlyList<VolumeSummary>> ListAsync(CancellationToken ct)
    {
        using var list = JsonDocument.Parse(await engine.ListVolumesRawAsync(ct));
        var users = (await ContainerUsage.ReadAsync(engine, ct))
            .SelectMany(container => container.Volumes.Distinct(StringComparer.Ordinal).Select(volume => (volume, container.Name)))
            .ToLookup(use => use.volume, use => use.Name, StringComparer.Ordinal);
        return [.. list.RootElement.GetItems("Volumes").Select(volume => Summarise(volume, [.. users[volume.GetText("Name")]]))];
    }

    private static VolumeSummary Summarise(JsonElement volume, IReadOnlyList<ContainerName> users) => new()
    {
        Name = volume.GetText("Name"),
        Driver = volume.GetText("Driver"),
        Mountpoint = volume.GetText("Mountpoint"),
        Created = ContainerUsage.Seconds(volume.GetText("CreatedAt")),
        Containers = users,
        ContainerCount = users.Count,
        InUse = users.Count > 0,
    };

    private async Task<CreateVolumeRequest> CreateAsync(string? name, CancellationToken ct)
    {
        var body = new JsonObject { ["Name"] = string.IsNullOrWhiteSpace(name) ? throw new CommandException("name is missing") : name };
        using var created = JsonDocument.Parse(await engine.PostRawAsync("/volumes/create", Encoding.UTF8.GetBytes(body.ToJsonString()), ct));
        return new CreateVolumeRequest { Name = created.RootElement.GetText("Name") };
    }

    private async Task<SuccessResult> DeleteAsync(DeleteVolumeRequest request, CancellationToken ct)
    {
        var name = string.IsNullOrWhiteSpace(request.VolumeName) ? throw new CommandException("volume_name is missing") : request.VolumeName;
        await engine.DeleteAsync($"/volumes/{Uri.EscapeDataString(name)}?force={(request.Force == true ? 1 : 0)}", ct);
        return new SuccessResult();
    }

    private async Task<PruneResult> PruneAsync(CancellationToken ct)
    {
        // Before 1.42 the engine has no such filter and refuses it, but prunes named volumes by itself.
        var filters = await engine.GetApiVersionAsync(ct) >= AllFilterSince ? "?filters=" + Uri.EscapeDataString("""{"all":["true"]}""") : "";
        using var pruned = JsonDocument.Parse(await engine.PostRawAsync("/volumes/prune" + filters, default, ct, PruneLimit));
        List<string> removed = [.. pruned.RootElement.GetItems("VolumesDeleted").Select(name => name.GetString()!)];
        return new PruneResult { RemovedCount = removed.Count, SpaceReclaimed = pruned.RootElement.GetProperty("SpaceReclaimed").GetInt64(), VolumesRemoved = removed };
    }
}
