using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private static readonly TimeSpan PullSilence = TimeSpan.FromMinutes(5);

    /// <summary>Pulls an image. It is there when the sequence has ended; every failure is an <see cref="EngineException"/>.</summary>
    public async IAsyncEnumerable<PullProgress> PullImageAsync(
        string reference, string? username, string? password, [EnumeratorCancellation] CancellationToken ct)
    {
        var image = ImageReference.Parse(reference);
        var path = $"/images/create?fromImage={Uri.EscapeDataString(image.Repository)}&tag={Uri.EscapeDataString(image.TagOrDigest)}";
        var request = EngineRequest.Post(path) with { RegistryAuth = RegistryAuth.Encode(username, password, image.Registry) };

        // A large layer takes as long as it takes; only silence is a failure. The headers come with the first line.
        using var response = await LimitAsync(request, PullSilence, token => SendAsync(request, token), ct).ConfigureAwait(false);
        using var documents = new JsonDocumentReader(await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false), JsonLimits.Line);
        using var silence = new SilenceLimit(PullSilence, $"pulled {reference}", _time, ct);
        var silent = true;
        while (await silence.ReadAsync(token => documents.ReadAsync(EngineJson.Default.PullBody, token)).ConfigureAwait(false) is { } body)
        {
            silent = false;
            ReportCuts(request, documents);
            if ((body.ErrorDetail?.Message ?? body.Error) is { } error)
            {
                throw new EngineException(error);
            }

            yield return body.ToProgress();
        }

        if (silent)
        {
            throw new EngineException($"the Docker engine ended the pull of {reference} without a word");
        }
    }

    /// <summary>The images of the host.</summary>
    public async Task<IReadOnlyList<EngineImage>> ListImagesAsync(CancellationToken ct) =>
        await GetAsync("/images/json", EngineJson.Default.ListEngineImage, ct, limits: JsonLimits.List).ConfigureAwait(false);

    /// <summary>What most callers need of an image.</summary>
    public Task<ImageInspection> InspectImageAsync(string id, CancellationToken ct, TimeSpan? limit = null) =>
        GetAsync(Image(id), EngineJson.Default.ImageInspection, ct, limit);

    /// <summary>All the engine knows about an image, whole: one that is too long is an error.</summary>
    public Task<JsonObject> InspectImageJsonAsync(string id, CancellationToken ct) =>
        GetAsync(Image(id), EngineJson.Default.JsonObject, ct, limits: JsonLimits.Exact);

    /// <summary>What the registry has under an image's name. The engine asks it.</summary>
    public Task<ImageDistribution> InspectDistributionAsync(string reference, string? username, string? password, TimeSpan limit, CancellationToken ct)
    {
        var image = ImageReference.Parse(reference);
        var request = EngineRequest.Get($"/distribution/{Escape(reference)}/json") with
        {
            RegistryAuth = RegistryAuth.Encode(username, password, image.Registry),
        };
        return CallAsync(request, EngineJson.Default.ImageDistribution, limits: null, limit, ct);
    }

    /// <summary>Gives an image a name, which another one may have until then.</summary>
    public Task TagImageAsync(string id, string repository, string tag, CancellationToken ct) =>
        PostAsync($"/images/{Escape(id)}/tag?repo={Uri.EscapeDataString(repository)}&tag={Uri.EscapeDataString(tag)}", ct);

    /// <summary>Removes an image, or one of its names.</summary>
    public Task RemoveImageAsync(string id, bool force, CancellationToken ct) =>
        DeleteAsync($"/images/{Escape(id)}?force={Flag(force)}", ct, RemoveLimit);

    /// <summary>Removes every image that no container uses, with a tag or without: the engine's default spares those that have one.</summary>
    /// <returns>
    /// Bytes that are free again. What was removed the answer does not tell: layers are among
    /// its lines, and with containerd's store some images are not.
    /// </returns>
    public async Task<long> PruneImagesAsync(CancellationToken ct)
    {
        var path = "/images/prune?filters=" + Filters(new Dictionary<string, string[]> { ["dangling"] = ["false"] });
        return (await PostAsync(path, default, EngineJson.Default.PruneBody, ct, PruneLimit).ConfigureAwait(false)).SpaceReclaimed;
    }

    private static string Image(string id) => $"/images/{Escape(id)}/json";
}
