using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Hub.Inventory;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Images;

/// <summary>A container and whether there is an update for it.</summary>
/// <param name="HostId">The host.</param>
/// <param name="ContainerId">Id of the container, 64 characters.</param>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image, as the container names it.</param>
/// <param name="UpdateAvailable">Whether the registry has another image under that name; null when that is not known.</param>
/// <param name="LocalDigest">Digest that its registry knows the image of the container by; null when there is none or several.</param>
/// <param name="RemoteDigest">Digest that the registry has.</param>
/// <param name="CheckedAt">Time of the check; null before the first.</param>
/// <param name="Error">Why it is not known.</param>
internal sealed record ContainerUpdate(
    string HostId, string ContainerId, string Name, string Image, bool? UpdateAvailable, string? LocalDigest, string? RemoteDigest, string? CheckedAt,
    string? Error);

/// <summary>Checks the images of the containers of hosts against their registries. The host's engine asks them.</summary>
internal sealed class ImageChecks(
    AgentRequests requests, IHosts hosts, ContainerStore containers, ImageCheckStore store, Registries registries, EventFeed feed)
{
    // An agent asks two registries at a time, each for at most 30 s.
    private static readonly TimeSpan CheckLimit = TimeSpan.FromMinutes(11);

    /// <summary>Checks images of a host.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="request">
    /// Images and credentials; the images of all containers when it names none. Those that the hub has are for registries that it has none for.
    /// </param>
    /// <param name="ct">Cancels the wait.</param>
    /// <exception cref="AgentException">The agent did not do it.</exception>
    public async Task<IReadOnlyList<ImageCheckResult>> CheckAsync(string hostId, ImageCheckRequest request, CancellationToken ct)
    {
        if ((await hosts.FindAsync(hostId, ct))?.Can(ExtensionNames.ImageCheck) != true)
        {
            throw new AgentException(
                AgentFailure.Unsupported,
                "the agent of this host cannot check images: it is not the agent of this project, an old one, or its policy refuses it");
        }

        var images = request.Images is { Count: > 0 } named ? named
            : [.. (await ListAsync(hostId, ct)).Select(container => container.Image).Distinct(StringComparer.Ordinal)];
        var results = new List<ImageCheckResult>();
        foreach (var some in images.Chunk(ImageCheckRequest.MaxImages))
        {
            // Of two for one registry, the agent takes the last.
            List<RegistryCredentials> credentials = [.. await registries.ForAsync(hostId, some, ct), .. request.RegistryCredentials ?? []];
            var payload = JsonSerializer.SerializeToUtf8Bytes(
                new ImageCheckRequest { Images = some, RegistryCredentials = credentials.Count > 0 ? credentials : null },
                ProtocolJson.Default.ImageCheckRequest);
            var answer = await requests.AskAsync(hostId, FrameTypes.Command, CommandNames.ImageCheck, payload, CheckLimit, ct);
            results.AddRange(Read(answer.Payload));
        }

        await store.KeepAsync(hostId, results, ct);
        feed.Publish(FeedNames.ImagesChecked, hostId, "{}"u8);
        return results;
    }

    /// <summary>The containers of a host with what the last checks found.</summary>
    public async Task<IReadOnlyList<ContainerUpdate>> UpdatesAsync(string hostId, CancellationToken ct)
    {
        var checks = (await store.OfHostAsync(hostId, ct)).ToDictionary(check => check.Result.Image, StringComparer.Ordinal);
        var listed = (await ListAsync(hostId, ct)).OrderBy(container => container.Name, StringComparer.Ordinal);
        return [.. listed.Select(container => checks.TryGetValue(container.Image, out var check)
            ? Compare(container, check.Result, check.CheckedAt)
            : new ContainerUpdate(hostId, container.Id, container.Name, container.Image, null, null, null, null, "its image was not checked yet"))];
    }

    /// <summary>The containers of all hosts whose images were checked.</summary>
    public async Task<IReadOnlyList<ContainerUpdate>> UpdatesAsync(VisibleHosts visible, CancellationToken ct)
    {
        var found = new List<ContainerUpdate>();
        foreach (var host in (await store.LastChecksAsync(ct)).Keys.Where(visible.Sees))
        {
            found.AddRange((await UpdatesAsync(host, ct)).Where(update => update.CheckedAt is not null));
        }

        return found;
    }

    private static ContainerUpdate Compare(ContainerRecord container, ImageCheckResult result, string checkedAt)
    {
        List<string> digests = [.. DigestsOf(container)];
        var isCurrent = result.RemoteDigest is { } remote ? digests.Contains(remote) : (bool?)null;
        return new ContainerUpdate(
            container.HostId,
            container.Id,
            container.Name,
            container.Image,
            !isCurrent,
            isCurrent == true ? result.RemoteDigest : digests is [var only] ? only : null,
            result.RemoteDigest,
            checkedAt,
            result.Error);
    }

    private static IEnumerable<ImageCheckResult> Read(JsonElement? payload)
    {
        try
        {
            // JSON can say null where the type says it cannot.
            return payload?.Deserialize(ProtocolJson.Default.IReadOnlyListImageCheckResult)?.Where(result => result?.Image is not null) ?? [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new AgentException(AgentFailure.Refused, "the agent's answer is not what the protocol says: " + e.Message);
        }
    }

    private async Task<IReadOnlyCollection<ContainerRecord>> ListAsync(string hostId, CancellationToken ct) =>
        [.. (await containers.OfHostAsync(hostId, ct)).Values.Where(container => container.Image.Length > 0)];

    /// <summary>Digests that registries know the image of a container by.</summary>
    private static IEnumerable<string> DigestsOf(ContainerRecord container) =>
        JsonElement.Parse(container.Detail) is { ValueKind: JsonValueKind.Object } detail
        && detail.TryGetProperty("RepoDigests", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray()
                .Where(item => item.ValueKind == JsonValueKind.String)
                .Select(item => item.GetString()!)
                .Select(digest => digest[(digest.IndexOf('@', StringComparison.Ordinal) + 1)..])
            : [];
}
