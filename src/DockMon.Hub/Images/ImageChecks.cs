using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Bus;
using DockMon.Hub.Inventory;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Images;

/// <summary>A container and whether there is an update for it.</summary>
/// <param name="ContainerId">Id of the container, 64 characters.</param>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image, as the container names it.</param>
/// <param name="UpdateAvailable">Whether the registry has another image under that name; null when that is not known.</param>
/// <param name="RemoteDigest">Digest that the registry has.</param>
/// <param name="CheckedAt">Time of the check; null before the first.</param>
/// <param name="Error">Why it is not known.</param>
internal sealed record ContainerUpdate(
    string ContainerId, string Name, string Image, bool? UpdateAvailable, string? RemoteDigest, string? CheckedAt, string? Error);

/// <summary>Checks the images of the containers of hosts against their registries. The host's engine asks them.</summary>
internal sealed class ImageChecks(AgentRequests requests, IHosts hosts, ContainerStore containers, ImageCheckStore store)
{
    // An agent asks two registries at a time, each for at most 30 s.
    private static readonly TimeSpan CheckLimit = TimeSpan.FromMinutes(11);

    /// <summary>Checks images of a host.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="request">Images and credentials; the images of all containers when it names none.</param>
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
            var payload = JsonSerializer.SerializeToUtf8Bytes(request with { Images = some }, ProtocolJson.Default.ImageCheckRequest);
            var answer = await requests.AskAsync(hostId, FrameTypes.Command, CommandNames.ImageCheck, payload, CheckLimit, ct);
            results.AddRange(Read(answer.Payload));
        }

        await store.KeepAsync(hostId, results, ct);
        return results;
    }

    /// <summary>The containers of a host with what the last checks found.</summary>
    public async Task<IReadOnlyList<ContainerUpdate>> UpdatesAsync(string hostId, CancellationToken ct)
    {
        var checks = (await store.OfHostAsync(hostId, ct)).ToDictionary(check => check.Result.Image, StringComparer.Ordinal);
        var listed = (await ListAsync(hostId, ct)).OrderBy(container => container.Name, StringComparer.Ordinal);
        return [.. listed.Select(container => checks.TryGetValue(container.Image, out var check)
            ? new ContainerUpdate(
                container.Id,
                container.Name,
                container.Image,
                check.Result.RemoteDigest is { } remote ? !DigestsOf(container).Contains(remote) : null,
                check.Result.RemoteDigest,
                check.CheckedAt,
                check.Result.Error)
            : new ContainerUpdate(container.Id, container.Name, container.Image, null, null, null, "its image was not checked yet"))];
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
