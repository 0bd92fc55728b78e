using DockMon.Hub.Access.Permissions;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace DockMon.Hub.Page;

/// <summary>Serves the page: its files, and the page itself for the address of every room.</summary>
internal static class PageEndpoints
{
    /// <summary>First parts of the addresses of rooms, as <c>web/src/main.tsx</c> has them.</summary>
    public static readonly IReadOnlyList<string> Rooms = ["hosts", "containers", "stacks", "logs", "events", "operations", "settings", "account", "setup"];

    public static void MapPage(this WebApplication app)
    {
        var files = PageFiles.Load(typeof(PageEndpoints).Assembly);
        app.MapGet("/assets/{name}", (string name, HttpContext context) => SendAsync(context, files.Find("assets/" + name)))
            .AllowAnyone().ExcludeFromDescription();
        app.MapGet("/icon.svg", (HttpContext context) => SendAsync(context, files.Find("icon.svg"))).AllowAnyone().ExcludeFromDescription();
        foreach (var address in Rooms.Select(room => $"/{room}/{{**rest}}").Prepend("/"))
        {
            app.MapGet(address, (HttpContext context) => SendRoomAsync(context, files)).AllowAnyone().ExcludeFromDescription();
        }
    }

    private static Task SendRoomAsync(HttpContext context, PageFiles files) => files.Any
        ? SendAsync(context, files.Find(PageFiles.Index))
        : context.Response.WriteAsync(
            "This hub was built without its page: run npm ci and node build.mjs in web/, and build it again. Its API is at /openapi/v1.json.\n");

    private static async Task SendAsync(HttpContext context, PageFile? file)
    {
        if (file is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var response = context.Response;
        response.ContentType = file.MediaType;
        response.Headers.CacheControl = file.IsHashed ? "public, max-age=31536000, immutable" : "no-cache";
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (ReadsBrotli(context.Request.Headers.AcceptEncoding))
        {
            response.Headers.ContentEncoding = "br";
            response.ContentLength = file.Brotli.Length;
            await response.Body.WriteAsync(file.Brotli, context.RequestAborted);
            return;
        }

        await file.CopyPlainAsync(response.Body, context.RequestAborted);
    }

    private static bool ReadsBrotli(StringValues header) =>
        StringWithQualityHeaderValue.TryParseList(header, out var accepted)
        && accepted.FirstOrDefault(item => item.Value.Equals("br", StringComparison.OrdinalIgnoreCase)) is { } brotli && brotli.Quality is not 0;
}
