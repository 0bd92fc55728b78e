using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>The label that protects a container from updates.</summary>
internal static class Protection
{
    /// <summary>Containers with this label set to <c>true</c> are not updated.</summary>
    public const string Label = "dockmon.agent.protect";

    /// <summary>Whether a container has it from whoever created the container: a label of the image is not the user's word.</summary>
    /// <param name="engine">Tells of the image.</param>
    /// <param name="container">Docker's inspect object.</param>
    /// <param name="ct">Cancels the request.</param>
    public static Task<bool> IsOnAsync(EngineClient engine, JsonObject container, CancellationToken ct) =>
        IsOnAsync(engine, IsLabelled(container), container.GetText("Image"), ct);

    /// <summary>The same of a container of which this is known.</summary>
    /// <param name="engine">Tells of the image.</param>
    /// <param name="isLabelled">Whether the container has the label.</param>
    /// <param name="imageId">The id of its image.</param>
    /// <param name="ct">Cancels the request.</param>
    public static async Task<bool> IsOnAsync(EngineClient engine, bool isLabelled, string imageId, CancellationToken ct) =>
        isLabelled && !IsLabelled(await engine.FindImageJsonAsync(imageId, ct));

    /// <summary>Whether the inspect object of a container or of an image has the label.</summary>
    public static bool IsLabelled(JsonObject inspected) => inspected["Config"].Member("Labels") is JsonObject labels && labels.GetText(Label) == "true";
}
