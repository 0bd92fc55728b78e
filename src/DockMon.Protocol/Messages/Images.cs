namespace DockMon.Protocol;

/// <summary>Payload of <c>image_check</c> (<see cref="ExtensionNames.ImageCheck"/>).</summary>
public sealed record ImageCheckRequest
{
    /// <summary>Most images in one request.</summary>
    public const int MaxImages = 100;

    /// <summary>The images, by the names that containers of this host have them by.</summary>
    public IReadOnlyList<string>? Images { get; init; }

    /// <summary>Credentials for their registries.</summary>
    public IReadOnlyList<RegistryCredentials>? RegistryCredentials { get; init; }
}

/// <summary>What a registry has under the name of an image of this host.</summary>
public sealed record ImageCheckResult
{
    /// <summary>The name as it was asked for.</summary>
    public required string Image { get; init; }

    /// <summary>The digest of the image that has this name on the host; absent for one that came from no registry.</summary>
    public string? LocalDigest { get; init; }

    /// <summary>The digest that the registry has under the name now; absent with <see cref="Error"/>.</summary>
    public string? RemoteDigest { get; init; }

    /// <summary>The platform of the image on the host, such as <c>linux/arm64/v8</c>.</summary>
    public string? Platform { get; init; }

    /// <summary>When the image on the host was made, RFC 3339.</summary>
    public string? Created { get; init; }

    /// <summary>Why it could not be checked.</summary>
    public string? Error { get; init; }
}
