namespace DockMon.Engine;

/// <summary>An image, from the list of <c>GET /images/json</c>.</summary>
public sealed class EngineImage
{
    /// <summary>The full id, with its algorithm.</summary>
    public string Id { get; set => field = value ?? ""; } = "";

    /// <summary>Its names with their tags.</summary>
    public IReadOnlyList<string> RepoTags { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>Bytes.</summary>
    public long Size { get; set; }

    /// <summary>When it was created, seconds since 1970.</summary>
    public long Created { get; set; }
}

/// <summary>An image, from <c>GET /images/{id}/json</c>.</summary>
public sealed class ImageInspection
{
    /// <summary>The full id, with its algorithm.</summary>
    public string Id { get; set => field = value ?? ""; } = "";

    /// <summary>Its names with the digests that registries know it by.</summary>
    public IReadOnlyList<string> RepoDigests { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>Its names with their tags.</summary>
    public IReadOnlyList<string> RepoTags { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>Operating system that it is for.</summary>
    public string Os { get; set => field = value ?? ""; } = "";

    /// <summary>Processor that it is for.</summary>
    public string Architecture { get; set => field = value ?? ""; } = "";

    /// <summary>Which kind of that processor, <c>v8</c>; empty for any.</summary>
    public string Variant { get; set => field = value ?? ""; } = "";

    /// <summary>When it was made, RFC 3339.</summary>
    public string? Created { get; set; }

    /// <summary>What containers get from it.</summary>
    public ImageConfig Config { get; set => field = value ?? new(); } = new();
}

/// <summary>What containers get from their image.</summary>
public sealed class ImageConfig
{
    /// <summary>Labels.</summary>
    public Dictionary<string, string> Labels { get; set => field = JsonNulls.Remove(value); } = [];
}
