using System.Globalization;
using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Inventory;

/// <summary>What an event says of a container that is known: most changes need no new list.</summary>
internal static class ContainerEvents
{
    /// <summary>What follows from an event.</summary>
    /// <param name="Container">The container afterwards; null when it is gone or was not known.</param>
    /// <param name="ListWanted">Whether only a new list tells all of it.</param>
    public sealed record Outcome(ContainerRecord? Container, bool ListWanted);

    private static bool IsIrrelevant(string action) =>
        action is "kill" or "resize" or "export" or "commit" or "copy" or "archive-path" or "extract-to-dir" or "top" or "attach" or "detach" or "prune"
            || action.StartsWith("exec_", StringComparison.Ordinal);

    /// <summary>Reads a <see cref="ContainerEvent"/>.</summary>
    /// <returns>Null when it changes nothing that is kept, or names no container.</returns>
    public static WaitingEvent? Read(JsonElement payload) =>
        Text(payload, "container_id") is { Length: > 0 and <= 128 } id && Text(payload, "action") is { Length: <= 128 } action && !IsIrrelevant(action)
            ? new WaitingEvent(id, action, ExitCode(payload)) : null;

    /// <param name="known">The container as it is kept; null when it is not.</param>
    /// <param name="e">What happened.</param>
    public static Outcome Apply(ContainerRecord? known, WaitingEvent e)
    {
        var action = e.Action;
        if (action == "destroy")
        {
            return new Outcome(null, ListWanted: false);
        }

        if (known is null)
        {
            return new Outcome(null, ListWanted: true);
        }

        return action switch
        {
            "start" or "restart" => new Outcome(
                known with { State = "running", Status = "Up", Health = known.Health.Length > 0 ? "starting" : "" }, ListWanted: true),
            "unpause" => new Outcome(known with { State = "running" }, ListWanted: false),
            "pause" => new Outcome(known with { State = "paused" }, ListWanted: false),

            // A container with a restart policy is restarting rather than exited: the list tells.
            "die" => new Outcome(known with { State = "exited", Status = $"Exited ({e.ExitCode})", Health = "" }, ListWanted: true),
            "stop" or "oom" => new Outcome(known, ListWanted: false), // "die" tells of the end.
            _ when Health(action) is { } health => new Outcome(known with { Health = health }, ListWanted: false),
            _ => new Outcome(known, ListWanted: true),
        };
    }

    private static string? Health(string action) => action switch
    {
        "health_status: healthy" => "healthy",
        "health_status: unhealthy" => "unhealthy",
        _ => null,
    };

    private static int ExitCode(JsonElement payload) =>
        payload.TryGetProperty("attributes", out var attributes) && int.TryParse(Text(attributes, "exitCode"), CultureInfo.InvariantCulture, out var number)
            ? number : 0;

    private static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;
}
