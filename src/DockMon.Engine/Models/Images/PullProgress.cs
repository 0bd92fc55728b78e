using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>One line of a pull's progress.</summary>
public sealed record PullProgress
{
    /// <summary>The layer, or null when the line is about the whole.</summary>
    public string? Id { get; init; }

    /// <summary>Such as "Downloading" or "Pull complete".</summary>
    public string Status { get; init; } = "";

    /// <summary>Bytes so far.</summary>
    public long? Current { get; init; }

    /// <summary>Bytes in all.</summary>
    public long? Total { get; init; }
}

internal sealed class PullBody
{
    [JsonPropertyName("id")]
    public string? Id { get; set; }

    [JsonPropertyName("status")]
    public string? Status { get; set; }

    [JsonPropertyName("progressDetail")]
    public PullDetail? Detail { get; set; }

    [JsonPropertyName("error")]
    public string? Error { get; set; }

    [JsonPropertyName("errorDetail")]
    public ErrorBody? ErrorDetail { get; set; }

    public PullProgress ToProgress() => new()
    {
        Id = string.IsNullOrEmpty(Id) ? null : Id,
        Status = Status ?? "",
        Current = Detail?.Current,
        Total = Detail?.Total,
    };
}

internal sealed class PullDetail
{
    [JsonPropertyName("current")]
    public long? Current { get; set; }

    [JsonPropertyName("total")]
    public long? Total { get; set; }
}
