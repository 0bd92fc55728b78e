using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DockMon.Integration.Tests;

/// <summary>A server that is wrong in the way a test says, and else takes WebSockets at DockMon's path.</summary>
internal sealed class WrongServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WrongServer(WebApplication app) => _app = app;

    public string Authority => new Uri(_app.Urls.Single()).Authority;

    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <param name="certificate">With TLS, by this certificate.</param>
    /// <param name="status">Answers this instead of opening a WebSocket.</param>
    /// <param name="clock">How far its clock is ahead.</param>
    public static async Task<WrongServer> StartAsync(X509Certificate2? certificate = null, int? status = null, TimeSpan clock = default)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            });
        });
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(async context =>
        {
            context.Response.Headers.Date = (TimeProvider.System.GetUtcNow() + clock).ToString("r", CultureInfo.InvariantCulture);
            if (status is { } refusal || !context.WebSockets.IsWebSocketRequest)
            {
                context.Response.StatusCode = status ?? StatusCodes.Status426UpgradeRequired;
                await context.Response.WriteAsync("Not what you look for");
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[1024], context.RequestAborted);
        });
        await app.StartAsync();
        return new WrongServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
