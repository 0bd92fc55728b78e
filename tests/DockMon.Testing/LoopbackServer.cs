using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DockMon.Testing;

/// <summary>An HTTP server of a test, on a port of the loopback interface that was free, and silent.</summary>
public static class LoopbackServer
{
    /// <summary>Starts one that answers every request in one way.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="ct">Ends the start.</param>
    public static async Task<WebApplication> StartAsync(RequestDelegate answer, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.Run(answer);
        await server.StartAsync(ct);
        return server;
    }
}
