using DockMon.Agent.Json;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>The image of a container that is made anew from the very same one.</summary>
internal static partial class SameImage
{
    /// <summary>By its name where that still means it, so that others can go on comparing it with newer ones; else by its id, for a newer one may have been pulled under it since.</summary>
    /// <param name="engine">Tells what the name means.</param>
    /// <param name="name">How the container names it.</param>
    /// <param name="id">Its id.</param>
    /// <param name="container">The container's name, for the log.</param>
    /// <param name="logger">Told when the name means another one.</param>
    /// <param name="ct">Ends the question.</param>
    public static async Task<string> ReferenceAsync(EngineClient engine, string name, string id, string container, ILogger logger, CancellationToken ct)
    {
        var meant = await engine.InspectImageJsonAsync(name, ct); // Empty when the name means no image any more.
        if (meant.Count > 0 && IsSame(meant.GetText("Id"), id))
        {
            return name;
        }

        Log.ImageMoved(logger, container, name);
        return id;
    }

    /// <summary>Whether two ids of images are the same: Podman writes them with "sha256:" in one place and without in another.</summary>
    public static bool IsSame(string id, string other) => id.Split(':')[^1] == other.Split(':')[^1];

    private static partial class Log
    {
        [LoggerMessage(511, LogLevel.Warning, "{Container} is made again by its image's id: the name {Image} means another image by now")]
        public static partial void ImageMoved(ILogger logger, string container, string image);
    }
}
