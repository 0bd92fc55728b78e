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

    /// <summary>It could not be read, or has no type, action or id: what it said has to be asked for. What is merely too long in an event is cut.</summary>
    public bool IsUnreadable => Type.Length == 0 || Action.Length == 0 || ActorId.Length == 0;
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
        Attributes = JsonNulls.Remove(Actor?.Attributes),
        TimeNano = TimeNano,
    };
}

internal sealed class EventActor
{
    [JsonPropertyName("ID")]
    public string? Id { get; set; }

    public Dictionary<string, string>? Attributes { get; set; }
}
