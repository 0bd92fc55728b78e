using System.Net.WebSockets;
using System.Text;
using DockMon.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Tests.Connection;

/// <summary>A server that does to each connection what the test says, and counts them.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _connections;

    private ScriptedServer(WebApplication app) => _app = app;

    /// <summary>What is done to each connection; the number counts from 1.</summary>
    public Func<HttpContext, int, Task> Script { get; set; } = (_, _) => Task.CompletedTask;

    public int Connections => Volatile.Read(ref _connections);

    public Uri Url => new(_app.Urls.Single().Replace("http://", "ws://", StringComparison.Ordinal));

    public static async Task<ScriptedServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
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

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

/// <summary>The server's end of one connection.</summary>
internal sealed class ScriptedConnection(WebSocket socket, HttpContext context)
{
    public string Register { get; set; } = "";

    public WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    public Task WelcomeAsync(string token = "permanent-0001") =>
        SendAsync(FrameWriter.Message(new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = token }, ProtocolJson.Default.AuthSuccess));

    public async Task RefuseAsync(string error)
    {
        await SendAsync(FrameWriter.Message(new AuthError { Error = error }, ProtocolJson.Default.AuthError));
        await CloseAsync(WebSocketCloseStatus.PolicyViolation, error);
    }

    public Task SendAsync(ReadOnlyMemory<byte> frame) => socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted).AsTask();

    public Task SendAsync(string frame) => SendAsync(Encoding.UTF8.GetBytes(frame));

    /// <summary>The next text frame; null when the agent closed.</summary>
    public async Task<string?> ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, result.Count);
            if (result.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }

    public Task CloseAsync(WebSocketCloseStatus status, string reason) => socket.CloseOutputAsync(status, reason, context.RequestAborted);

    /// <summary>Reads until the agent closes.</summary>
    public async Task ReadToCloseAsync()
    {
        while (await ReadAsync() is not null)
        {
        }
    }

    public void Drop() => context.Abort();
}
