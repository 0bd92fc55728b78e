using System.Runtime.CompilerServices;

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

    /// <summary>All the engine knows about an image, as it writes it; <paramref name="mayCut"/> as for a container.</summary>
    public Task<byte[]> InspectImageRawAsync(string id, CancellationToken ct, TimeSpan? limit = null, bool mayCut = false) =>
        GetRawAsync($"/images/{Escape(id)}/json", mayCut ? JsonLimits.Document : JsonLimits.Exact, ct, limit);

    /// <summary>The list of images as the engine writes it.</summary>
    public Task<byte[]> ListImagesRawAsync(CancellationToken ct) => GetRawAsync("/images/json", JsonLimits.List, ct);

    /// <summary>Removes an image, or one of its names.</summary>
    public Task RemoveImageAsync(string id, bool force, CancellationToken ct) =>
        DeleteAsync($"/images/{Escape(id)}?force={Flag(force)}", ct, RemoveLimit);
}
