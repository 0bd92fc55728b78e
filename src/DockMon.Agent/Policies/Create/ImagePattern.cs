using DockMon.Agent.Policies.Facts;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Create;

/// <summary>An image's name in full: what <c>nginx</c> stands for is <c>docker.io/library/nginx:latest</c>.</summary>
/// <param name="Repository">Registry and repository.</param>
/// <param name="Version">The tag or, where there is one, the digest, which is what the engine goes by then.</param>
internal sealed record ImageName(string Repository, string Version)
{
    private const string DockerHub = "docker.io";

    /// <summary>Reads a reference; null when it is none, or an id or the beginning of one.</summary>
    public static ImageName? Read(string reference)
    {
        try
        {
            var image = ImageReference.Parse(reference);
            var isId = image is { Tag: null, Digest: null } && image.Repository.All(char.IsAsciiHexDigitLower);
            return isId || image.Repository is "sha256" or "sha512" ? null : new ImageName(Qualify(image.Repository), image.TagOrDigest);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A repository with its registry.</summary>
    public static string Qualify(string repository)
    {
        var (first, rest) = repository.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0
            ? (repository[..slash], repository[(slash + 1)..]) : ("", repository);
        // As Docker tells a registry from the first part of a name.
        if (first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost" || first.Any(char.IsAsciiLetterUpper))
        {
            var registry = first.ToLowerInvariant();
            if (registry is not (DockerHub or "index.docker.io"))
            {
                return $"{registry}/{rest}";
            }

            repository = rest;
        }

        return repository.Contains('/', StringComparison.Ordinal) ? $"{DockerHub}/{repository}" : $"{DockerHub}/library/{repository}";
    }

    public override string ToString() => Version.Contains(':', StringComparison.Ordinal) ? $"{Repository}@{Version}" : $"{Repository}:{Version}";
}

/// <summary>
/// A pattern of images: <c>ghcr.io/acme/**</c>, <c>postgres:17*</c>. <c>*</c> stands for characters of one part of a name, <c>**</c> for any. Without a tag or
/// digest it means all of them.
/// </summary>
internal sealed class ImagePattern
{
    private readonly string _repository;
    private readonly string? _version;

    private ImagePattern(string text, string repository, string? version) => (Text, _repository, _version) = (text, repository, version);

    /// <summary>The pattern as it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern; null when it is none.</summary>
    public static ImagePattern? Parse(string text)
    {
        try
        {
            var image = ImageReference.Parse(text);
            var first = image.Repository.Split('/')[0];
            var repository = image.Repository == "*" ? "**" : first is "*" or "**" ? image.Repository : ImageName.Qualify(image.Repository);
            return new ImagePattern(text, repository, image.Digest ?? image.Tag);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    public bool Matches(ImageName image) => Glob.IsPathMatch(_repository, image.Repository) && (_version is null || Glob.IsPathMatch(_version, image.Version));
}
