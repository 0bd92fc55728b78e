using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace DockMon.Testing;

/// <summary>A server that does to each connection what the test says, and counts them.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _connections;

    private ScriptedServer(WebApplication app) => _app = app;

    /// <summary>What is done to each connection; the number counts from 1.</summary>
    public Func<HttpContext, int, Task> Script { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>How many connections it had so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Its address, as an agent takes it: ws, or wss with a certificate.</summary>
    public Uri Url => new(_app.Urls.Single().Replace("http", "ws", StringComparison.Ordinal));

    /// <param name="certificate">With TLS, by this certificate.</param>
    /// <param name="clients">Whose certificates it asks for of who connects; null for nobody's.</param>
    /// <param name="demands">Whether it lets nobody through without one.</param>
    public static async Task<ScriptedServer> StartAsync(X509Certificate2? certificate = null, TestAuthority? clients = null, bool demands = true)
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
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate;
                        https.ClientCertificateMode = clients is null ? ClientCertificateMode.NoCertificate
                            : demands ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.AllowCertificate;
                        https.ClientCertificateValidation = (client, _, _) => clients!.Issued(client);
                    });
                }
            });
        });
        var app = builder.Build();
        var server = new ScriptedServer(app);
        app.UseWebSockets();
        app.Run(context => server.Script(context, Interlocked.Increment(ref server._connections)));
        await app.StartAsync();
        return server;
    }

    /// <summary>Accepts the socket and reads the register frame.</summary>
    public static async Task<ScriptedConnection> AcceptAsync(HttpContext context)
    {
        var connection = new ScriptedConnection(await context.WebSockets.AcceptWebSocketAsync(), context);
        connection.Register = await connection.ReadAsync() ?? throw new InvalidOperationException("The agent closed instead of registering.");
        return connection;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
