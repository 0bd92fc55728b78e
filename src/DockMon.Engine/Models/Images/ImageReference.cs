namespace DockMon.Engine;

/// <summary>An image's name in its parts. A registry may have a port, so not every colon begins a tag.</summary>
public sealed record ImageReference(string Repository, string? Tag, string? Digest)
{
    /// <summary>What the engine is to pull: the digest, else the tag, else "latest" (never every tag there is).</summary>
    public string TagOrDigest => Digest ?? Tag ?? "latest";

    /// <summary>The registry's host and port.</summary>
    public string Registry
    {
        get
        {
            var slash = Repository.IndexOf('/', StringComparison.Ordinal);
            var first = slash < 0 ? "" : Repository[..slash];
            return first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost" ? first : "docker.io";
        }
    }

    /// <summary>Takes "host:5000/name:tag@sha256:…" apart.</summary>
    public static ImageReference Parse(string reference)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reference);
        var name = reference.Trim();
        string? digest = null, tag = null;
        if (name.IndexOf('@', StringComparison.Ordinal) is var at and >= 0)
        {
            (name, digest) = (name[..at], name[(at + 1)..]);
        }

        if (name.LastIndexOf(':') is var colon and >= 0 && colon > name.LastIndexOf('/'))
        {
            (name, tag) = (name[..colon], name[(colon + 1)..]);
        }

        return name.Length > 0 && tag != "" && digest != ""
            ? new ImageReference(name, tag, digest)
            : throw new ArgumentException($"\"{reference}\" is no image reference", nameof(reference));
    }
}
