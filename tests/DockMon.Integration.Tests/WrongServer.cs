using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;

namespace DockMon.Integration.Tests;

/// <summary>A server that is wrong in the way a test says, and else takes WebSockets at DockMon's path.</summary>
internal sealed class WrongServer : IAsyncDisposable
{
    private readonly ScriptedServer _server;

    private WrongServer(ScriptedServer server) => _server = server;

    public string Authority => _server.Url.Authority;

    public int Port => _server.Url.Port;

    /// <param name="certificate">With TLS, by this certificate.</param>
    /// <param name="status">Answers this instead of opening a WebSocket.</param>
    /// <param name="clock">How far its clock is ahead.</param>
    /// <param name="clients">Whose certificates it demands of who connects; null for nobody's.</param>
    public static async Task<WrongServer> StartAsync(
        X509Certificate2? certificate = null,
        int? status = null,
        TimeSpan clock = default,
        TestAuthority? clients = null)
    {
        var server = await ScriptedServer.StartAsync(certificate, clients);
        server.Script = async (context, _) =>
        {
            context.Response.Headers.Date = (TimeProvider.System.GetUtcNow() + clock).ToString("r", CultureInfo.InvariantCulture);
            if (status is not null || !context.WebSockets.IsWebSocketRequest)
            {
                context.Response.StatusCode = status ?? StatusCodes.Status426UpgradeRequired;
                await context.Response.WriteAsync("Not what you look for");
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[1024], context.RequestAborted);
        };
        return new WrongServer(server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
