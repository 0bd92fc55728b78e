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

    /// <summary>What containers get from it.</summary>
    public ImageConfig Config { get; set => field = value ?? new(); } = new();
}

/// <summary>What containers get from their image.</summary>
public sealed class ImageConfig
{
    /// <summary>Labels.</summary>
    public Dictionary<string, string> Labels { get; set => field = JsonNulls.Remove(value); } = [];
}
