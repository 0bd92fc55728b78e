using System.Text.Json;
using DockMon.Agent.Json;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Images;

/// <summary>The images of the host.</summary>
internal sealed class ImageCommands(EngineClient engine)
{
    private const string NoTag = "<none>:<none>";

    private static readonly TimeSpan PruneLimit = TimeSpan.FromMinutes(10);

    public void AddTo(IDictionary<string, Route> routes)
    {
        routes[CommandNames.ListImages] = Route.For("list images", ProtocolJson.Default.SuccessResult, ProtocolJson.Default.IReadOnlyListImageSummary, lane: null, (_, ct) => ListAsync(ct)) with { Place = ReadPool.List };
        routes[CommandNames.RemoveImage] = Route.For("remove image", ProtocolJson.Default.RemoveImageRequest, ProtocolJson.Default.SuccessResult, (_, _) => ValueTask.FromResult("images"), RemoveAsync);
        routes[CommandNames.PruneImages] = Route.For("prune images", ProtocolJson.Default.SuccessResult, ProtocolJson.Default.PruneResult, (_, _) => ValueTask.FromResult("images"), (_, ct) => PruneAsync(ct));
    }

    private async Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken ct)
    {
        using var list = JsonDocument.Parse(await engine.ListImagesRawAsync(ct));
        var users = (await ContainerUsage.ReadAsync(engine, ct)).ToLookup(container => container.ImageId, container => container.Name, StringComparer.Ordinal);
        return [.. list.RootElement.EnumerateArray()
            .OrderByDescending(image => image.GetProperty("Created").GetInt64())
            .Select(image => Summarise(image, [.. users[image.GetText("Id")]]))];
    }

    private static ImageSummary Summarise(JsonElement image, IReadOnlyList<ContainerName> users)
    {
        List<string> tags = [.. image.GetItems("RepoTags").Select(tag => tag.GetString()!).Where(tag => tag != NoTag)];
        return new ImageSummary
        {
            Id = ContainerUsage.ShortId(image.GetText("Id")),
            Tags = tags,
            Size = image.GetProperty("Size").GetInt64(),
            Created = Rfc3339.FormatSeconds(DateTimeOffset.FromUnixTimeSeconds(image.GetProperty("Created").GetInt64())),
            InUse = users.Count > 0,
            ContainerCount = users.Count,
            Containers = users,
            Dangling = tags.Count == 0,
        };
    }

    private async Task<SuccessResult> RemoveAsync(RemoveImageRequest request, CancellationToken ct)
    {
        await engine.RemoveImageAsync(string.IsNullOrWhiteSpace(request.ImageId) ? throw new CommandException("image_id is missing") : request.ImageId, request.Force ?? false, ct);
        return new SuccessResult();
    }

    private async Task<PruneResult> PruneAsync(CancellationToken ct)
    {
        // Docker's default spares images that have a tag; asked for is every one that no container uses.
        var filters = Uri.EscapeDataString("""{"dangling":["false"]}""");
        var before = await IdsAsync(ct);
        using var pruned = JsonDocument.Parse(await engine.PostRawAsync($"/images/prune?filters={filters}", default, ct, PruneLimit));
        // Not by the answer's lines: the layers of an image are among them, and with containerd's store some images are not.
        before.ExceptWith(await IdsAsync(ct));
        return new PruneResult { RemovedCount = before.Count, SpaceReclaimed = pruned.RootElement.GetProperty("SpaceReclaimed").GetInt64() };
    }

    private async Task<HashSet<string>> IdsAsync(CancellationToken ct)
    {
        using var list = JsonDocument.Parse(await engine.ListImagesRawAsync(ct));
        return [.. list.RootElement.EnumerateArray().Select(image => image.GetText("Id"))];
    }
}
