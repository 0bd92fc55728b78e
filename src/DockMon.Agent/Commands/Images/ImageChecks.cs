using System.Collections.Concurrent;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Policies.Create;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Images;

/// <summary>
/// Asks registries, through the engine, whether they have another image under the name of one of this host (<see cref="ExtensionNames.ImageCheck"/>). Only
/// names that images of this host have are asked for: a server that may only observe cannot have the engine connect to any address.
/// </summary>
internal sealed class ImageChecks(EngineClient engine, TimeProvider time)
{
    /// <summary>How long the answer of a registry is used again.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(15);

    /// <summary>The same of a failure.</summary>
    public static readonly TimeSpan FailureKept = TimeSpan.FromMinutes(1);

    /// <summary>How long a registry has.</summary>
    public static readonly TimeSpan RegistryLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long a request may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Most registries that are asked at once.</summary>
    private const int Width = 2;

    /// <summary>Most answers that are kept.</summary>
    private const int KeptAnswers = 500;

    private readonly ConcurrentDictionary<(string Image, string User), Answer> _answers = new();

    public void AddTo(Routes routes) => routes.Commands[CommandNames.ImageCheck] = Route.For(
        "check images",
        ProtocolJson.Default.ImageCheckRequest,
        ProtocolJson.Default.IReadOnlyListImageCheckResult,
        lane: null,
        CheckAsync) with { Place = ReadPool.Watch, Limit = Limit };

    private async Task<IReadOnlyList<ImageCheckResult>> CheckAsync(ImageCheckRequest request, CancellationToken ct)
    {
        List<string> images = [.. (request.Images ?? []).OfType<string>().Where(image => !string.IsNullOrWhiteSpace(image)).Distinct(StringComparer.Ordinal)];
        if (images.Count is 0 or > ImageCheckRequest.MaxImages)
        {
            throw new CommandException($"images must name 1 to {ImageCheckRequest.MaxImages} images, not {images.Count}");
        }

        var results = new ImageCheckResult[images.Count];
        await Parallel.ForAsync(
            0,
            images.Count,
            new ParallelOptions { MaxDegreeOfParallelism = Width, CancellationToken = ct },
            async (i, token) => results[i] = await CheckAsync(images[i], request.RegistryCredentials ?? [], token));
        return results;
    }

    private async Task<ImageCheckResult> CheckAsync(string image, IReadOnlyList<RegistryCredentials> credentials, CancellationToken ct)
    {
        var result = new ImageCheckResult { Image = image };
        try
        {
            var reference = ImageReference.Parse(image);
            var local = await engine.InspectImageAsync(image, ct);
            if (!Names(local).Any(name => IsSame(name, reference)))
            {
                return result with { Error = "no image of this host has this name" }; // It was an id.
            }

            result = result with
            {
                LocalDigest = local.RepoDigests.Select(ImageReference.Parse).FirstOrDefault(known => IsSameRepository(known, reference))?.Digest,
                Platform = string.Join('/', ((string[])[local.Os, local.Architecture, local.Variant]).Where(part => part.Length > 0)),
                Created = local.Created,
            };
            if (reference.Digest is { } pinned)
            {
                return result with { RemoteDigest = pinned }; // A digest is the same for ever.
            }

            if (result.LocalDigest is null)
            {
                return result with { Error = "the image came from no registry: it was built or loaded on this host" };
            }

            var answer = await AskAsync(reference, credentials, ct);
            return answer.Error is { } error ? result with { Error = error }
                : answer.Lacks(local) ? result with { Error = $"the registry has this name only for {string.Join(", ", answer.Platforms)}" }
                : result with { RemoteDigest = answer.Digest };
        }
        catch (ArgumentException)
        {
            return result with { Error = "this is no image reference" };
        }
        catch (EngineException e)
        {
            return result with { Error = e.IsMissing ? "no image of this host has this name" : e.Message };
        }
    }

    private async Task<Answer> AskAsync(ImageReference reference, IReadOnlyList<RegistryCredentials> credentials, CancellationToken ct)
    {
        var registry = RegistryConfig.Key(reference.Registry);
        var login = credentials.LastOrDefault(known => RegistryConfig.Key(known?.RegistryUrl) == registry);
        var name = $"{reference.Repository}:{reference.TagOrDigest}";
        var key = (name, login?.Username ?? "");
        if (_answers.TryGetValue(key, out var kept) && time.GetElapsedTime(kept.AskedAt) < (kept.Error is null ? Kept : FailureKept))
        {
            return kept;
        }

        Answer answer;
        try
        {
            var found = await engine.InspectDistributionAsync(name, login?.Username, login?.Password, RegistryLimit, ct);
            answer = new Answer(
                found.Descriptor.Digest,
                [.. found.Platforms.Select(platform => $"{platform.Os}/{platform.Architecture}").Distinct(StringComparer.Ordinal)],
                found.Descriptor.Digest.Length == 0 ? "the registry named no digest" : null,
                time.GetTimestamp());
        }
        catch (EngineException e)
        {
            answer = new Answer("", [], e.Message, time.GetTimestamp());
        }

        if (_answers.Count >= KeptAnswers)
        {
            _answers.Clear();
        }

        _answers[key] = answer;
        return answer;
    }

    private static IEnumerable<ImageReference> Names(ImageInspection image) => image.RepoTags.Concat(image.RepoDigests).Select(ImageReference.Parse);

    private static bool IsSame(ImageReference a, ImageReference b) => IsSameRepository(a, b) && a.TagOrDigest == b.TagOrDigest;

    private static bool IsSameRepository(ImageReference a, ImageReference b) => ImageName.Qualify(a.Repository) == ImageName.Qualify(b.Repository);

    /// <summary>What a registry said.</summary>
    private sealed record Answer(string Digest, IReadOnlyList<string> Platforms, string? Error, long AskedAt)
    {
        // A registry that names no platforms may have any.
        public bool Lacks(ImageInspection local) => Platforms.Count > 0 && local.Os.Length > 0
            && !Platforms.Contains($"{local.Os}/{local.Architecture}") && Platforms.All(platform => platform.Length > 1);
    }
}
