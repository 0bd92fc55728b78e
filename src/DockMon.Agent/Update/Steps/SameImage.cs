using DockMon.Agent.Json;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>The image reference of a container that is recreated from its own image.</summary>
internal static partial class SameImage
{
    /// <summary>
    /// The name of the image if it still refers to it, so that other programs can look for newer versions; if not, for example after a pull, the id.
    /// </summary>
    /// <param name="engine">Resolves the name.</param>
    /// <param name="name">The name by which the container refers to it.</param>
    /// <param name="id">Its id.</param>
    /// <param name="container">The container's name, for the log.</param>
    /// <param name="logger">Gets a message if the name refers to another image.</param>
    /// <param name="ct">Cancels the request.</param>
    public static async Task<string> ReferenceAsync(EngineClient engine, string name, string id, string container, ILogger logger, CancellationToken ct)
    {
        var image = await engine.FindImageJsonAsync(name, ct); // Empty if the name refers to no image any more.
        if (image.Count > 0 && IsSame(image.GetText("Id"), id))
        {
            return name;
        }

        Log.ImageMoved(logger, container, name);
        return id;
    }

    /// <summary>Whether two image ids are the same: Podman writes some with "sha256:" and some without.</summary>
    public static bool IsSame(string id, string other) => id.Split(':')[^1] == other.Split(':')[^1];

    private static partial class Log
    {
        [LoggerMessage(511, LogLevel.Warning, "{Container} is recreated with its image's id: the name {Image} refers to another image by now")]
        public static partial void ImageMoved(ILogger logger, string container, string image);
    }
}
