using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Engine;

namespace DockMon.Agent.Update;

/// <summary>Docker's inspect objects as JSON: what an update does not know of a container has to survive it.</summary>
internal static class InspectExtensions
{
    /// <summary>Docker's inspect object of the image a container was created from; empty when the image was removed.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="container">Docker's inspect object of the container.</param>
    /// <param name="ct">Cancels the request.</param>
    public static Task<JsonObject> InspectImageOfAsync(this EngineClient engine, JsonObject container, CancellationToken ct) =>
        engine.FindImageJsonAsync(container.GetText("Image"), ct);

    /// <summary>Docker's inspect object of an image; empty when there is no such image.</summary>
    public static async Task<JsonObject> FindImageJsonAsync(this EngineClient engine, string reference, CancellationToken ct)
    {
        try
        {
            return await engine.InspectImageJsonAsync(reference, ct);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return [];
        }
    }
}
