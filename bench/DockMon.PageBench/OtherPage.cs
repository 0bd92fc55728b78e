using System.IO.Compression;
using Microsoft.Playwright;

namespace DockMon.PageBench;

/// <summary>Another build of the page, in front of the same hub: it takes the place of the hub's own, so that both are measured in one run.</summary>
internal static class OtherPage
{
    /// <summary>Has a browser load files of a folder, which <c>web/build.mjs</c> has written, in place of the hub's.</summary>
    public static async Task UseAsync(IBrowserContext context, string folder)
    {
        var index = await ReadAsync(folder, "index.html");
        await context.RouteAsync("**/*", route =>
        {
            var path = new Uri(route.Request.Url).AbsolutePath.TrimStart('/');
            return route.Request.IsNavigationRequest ? AnswerAsync(route, index, "text/html")
                : path.StartsWith("assets/", StringComparison.Ordinal) ? AnswerFileAsync(route, folder, path)
                : route.FallbackAsync();
        });
    }

    private static async Task AnswerFileAsync(IRoute route, string folder, string path) =>
        await AnswerAsync(route, await ReadAsync(folder, path), path.EndsWith(".css", StringComparison.Ordinal) ? "text/css" : "text/javascript");

    private static Task AnswerAsync(IRoute route, byte[] content, string type) =>
        route.FulfillAsync(new RouteFulfillOptions { BodyBytes = content, ContentType = type + "; charset=utf-8" });

    private static async Task<byte[]> ReadAsync(string folder, string path)
    {
        await using var compressed = new BrotliStream(File.OpenRead(Path.Combine(folder, path + ".br")), CompressionMode.Decompress);
        using var content = new MemoryStream();
        await compressed.CopyToAsync(content);
        return content.ToArray();
    }
}
