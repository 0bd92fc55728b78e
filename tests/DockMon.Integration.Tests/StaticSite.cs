using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DockMon.Integration.Tests;

/// <summary>The files of a directory over HTTP, on a loopback port.</summary>
internal sealed class StaticSite : IAsyncDisposable
{
    private readonly WebApplication _server;

    private readonly ConcurrentQueue<string> _requests;

    private StaticSite(WebApplication server, ConcurrentQueue<string> requests) => (_server, _requests) = (server, requests);

    /// <summary>The paths it was asked for so far.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public string Url => _server.Urls.Single();

    public static async Task<StaticSite> StartAsync(string folder, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var requests = new ConcurrentQueue<string>();
        server.Run(async context =>
        {
            requests.Enqueue(context.Request.Path.Value!);
            var path = Path.Combine(folder, context.Request.Path.Value!.TrimStart('/'));
            if (File.Exists(path))
            {
                await context.Response.SendFileAsync(path, context.RequestAborted);
            }
            else
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        });
        await server.StartAsync(ct);
        return new StaticSite(server, requests);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
