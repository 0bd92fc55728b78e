using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>What a registry has under an image's name, from <c>GET /distribution/{name}/json</c>.</summary>
public sealed class ImageDistribution
{
    /// <summary>The manifest, or the list of them.</summary>
    public ImageDescriptor Descriptor { get; set => field = value ?? new(); } = new();

    /// <summary>The platforms that it is for.</summary>
    public IReadOnlyList<ImagePlatform> Platforms { get; set => field = JsonNulls.Remove(value); } = [];
}

/// <summary>What a manifest is known by.</summary>
public sealed class ImageDescriptor
{
    /// <summary>The digest, with its algorithm.</summary>
    [JsonPropertyName("digest")]
    public string Digest { get; set => field = value ?? ""; } = "";
}

/// <summary>What an image runs on.</summary>
public sealed class ImagePlatform
{
    /// <summary>Operating system, <c>linux</c>.</summary>
    [JsonPropertyName("os")]
    public string Os { get; set => field = value ?? ""; } = "";

    /// <summary>Processor, <c>arm64</c>.</summary>
    [JsonPropertyName("architecture")]
    public string Architecture { get; set => field = value ?? ""; } = "";
}
