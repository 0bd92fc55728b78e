using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Images;

/// <summary>The images of the host.</summary>
internal sealed class ImageCommands(EngineClient engine, HiddenContainers hidden)
{
    private const string NoTag = "<none>:<none>";

    public void AddTo(Routes routes)
    {
        routes.Commands[CommandNames.ListImages] = Route.For(
            "list images",
            ProtocolJson.Default.SuccessResult,
            ProtocolJson.Default.IReadOnlyListImageSummary,
            lane: null,
            (_, ct) => ListAsync(ct)) with { Place = ReadPool.List };
        routes.Commands[CommandNames.RemoveImage] = Route.For(
            "remove image",
            ProtocolJson.Default.RemoveImageRequest,
            ProtocolJson.Default.SuccessResult,
            LaneAsync,
            RemoveAsync);
        routes.Commands[CommandNames.PruneImages] = Route.For(
            "prune images",
            ProtocolJson.Default.SuccessResult,
            ProtocolJson.Default.PruneResult,
            LaneAsync,
            (_, ct) => PruneAsync(ct));
    }

    private static ValueTask<string> LaneAsync<T>(T request, CancellationToken ct) => ValueTask.FromResult("images");

    private async Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken ct)
    {
        var images = await engine.ListImagesAsync(ct);
        var containers = await engine.ListContainersAsync(all: true, ct);
        var unseen = await hidden.FindAsync(containers, ct);
        var users = containers.ToLookup(container => container.ImageId, StringComparer.Ordinal);
        return [.. images.OrderByDescending(image => image.Created).Select(image => Summarise(image, new ContainerUsage(users[image.Id], unseen)))];
    }

    private static ImageSummary Summarise(EngineImage image, ContainerUsage users)
    {
        List<string> tags = [.. image.RepoTags.Where(tag => tag != NoTag)];
        return new ImageSummary
        {
            Id = new ContainerId(image.Id).Short,
            Tags = tags,
            Size = image.Size,
            Created = Rfc3339.FormatSeconds(DateTimeOffset.FromUnixTimeSeconds(image.Created)),
            InUse = users.Count > 0,
            ContainerCount = users.Count,
            Containers = users.Names,
            Dangling = tags.Count == 0,
        };
    }

    private async Task<SuccessResult> RemoveAsync(RemoveImageRequest request, CancellationToken ct)
    {
        await engine.RemoveImageAsync(
            string.IsNullOrWhiteSpace(request.ImageId) ? throw new CommandException("image_id is missing") : request.ImageId,
            request.Force ?? false,
            ct);
        return new SuccessResult();
    }

    private async Task<PruneResult> PruneAsync(CancellationToken ct)
    {
        var images = await IdsAsync(ct);
        var reclaimed = await engine.PruneImagesAsync(ct);
        images.ExceptWith(await IdsAsync(ct));
        return new PruneResult { RemovedCount = images.Count, SpaceReclaimed = reclaimed };
    }

    private async Task<HashSet<string>> IdsAsync(CancellationToken ct) => [.. (await engine.ListImagesAsync(ct)).Select(image => image.Id)];
}
