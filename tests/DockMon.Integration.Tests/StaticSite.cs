using System.Collections.Concurrent;
using DockMon.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

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
        var requests = new ConcurrentQueue<string>();
        var server = await LoopbackServer.StartAsync(AnswerAsync, ct);
        return new StaticSite(server, requests);

        async Task AnswerAsync(HttpContext context)
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
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
