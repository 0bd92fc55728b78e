using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>The label by which a user keeps a container from being updated.</summary>
internal static class Protection
{
    /// <summary>Containers with this label set to <c>true</c> are not updated.</summary>
    public const string Label = "dockmon.agent.protect";

    /// <summary>Whether a container has it from whoever made the container: what an image says of itself is not its user's word.</summary>
    /// <param name="engine">Tells of the image.</param>
    /// <param name="container">Docker's inspect object.</param>
    /// <param name="ct">Ends the question.</param>
    public static async Task<bool> IsOnAsync(EngineClient engine, JsonObject container, CancellationToken ct) =>
        IsSet(container) && !IsSet(await engine.InspectImageOfAsync(container, ct));

    private static bool IsSet(JsonObject inspected) => inspected["Config"]?["Labels"] is JsonObject labels && labels.GetText(Label) == "true";
}
