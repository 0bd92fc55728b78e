using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>Something that happened in the engine.</summary>
public sealed record EngineEvent
{
    /// <summary>container, image, network, volume and so on.</summary>
    public string Type { get; init; } = "";

    /// <summary>Such as "start" or "health_status: healthy".</summary>
    public string Action { get; init; } = "";

    /// <summary>The id of what it happened to.</summary>
    public string ActorId { get; init; } = "";

    /// <summary>Labels and details, such as "name", "image" and "exitCode".</summary>
    public Dictionary<string, string> Attributes { get; init; } = [];

    /// <summary>Nanoseconds since 1970.</summary>
    public long TimeNano { get; init; }

    /// <summary>It was too large to be kept whole or, where it has not even a type, could not be read: what it said has to be asked for.</summary>
    public bool IsIncomplete { get; init; }
}

internal sealed class EventBody
{
    public string? Type { get; set; }

    public string? Action { get; set; }

    public EventActor? Actor { get; set; }

    [JsonPropertyName("timeNano")]
    public long TimeNano { get; set; }

    public EngineEvent ToEvent() => new()
    {
        Type = Type ?? "",
        Action = Action ?? "",
        ActorId = Actor?.Id ?? "",
        Attributes = Actor?.Attributes ?? [],
        TimeNano = TimeNano,
    };
}

internal sealed class EventActor
{
    [JsonPropertyName("ID")]
    public string? Id { get; set; }

    public Dictionary<string, string>? Attributes { get; set; }
}
