using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using DockMon.Hub.Access.Audit;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Bus.Streams;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>A shell in a container over a WebSocket: binary frames are input and output, a text frame is <c>{"resize":{"cols":80,"rows":24}}</c>.</summary>
internal static class ShellApi
{
    private const int InputBytes = 1024 * 1024;

    public static void Map(WebApplication app)
    {
        var shell = app.MapGroup("/api/hosts/{id}/containers/{cid}/shell").AddEndpointFilter(HostApi.ExistsAsync)
            .Allow(Role.Operator).WithMetadata(new AuditedRead());
        shell.MapGet("", RunAsync).Produces(StatusCodes.Status101SwitchingProtocols).ProducesProblem(StatusCodes.Status426UpgradeRequired).WithSummary(
            "A shell, as a WebSocket: binary frames are input and output, the text frame {\"resize\":{\"cols\":80,\"rows\":24}} sizes the terminal.");

        // A WebSocket by HTTP/2, which browsers use with TLS.
        shell.MapMethods("", [HttpMethods.Connect], RunAsync).ExcludeFromDescription();
    }

    private static async Task<IResult> RunAsync(string id, string cid, HttpContext context, AgentShells shells, IHostApplicationLifetime lifetime)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return Results.Problem("a shell needs a WebSocket", statusCode: StatusCodes.Status426UpgradeRequired);
        }

        try
        {
            await using var shell = await shells.OpenAsync(id, cid, context.RequestAborted);
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await ConverseAsync(socket, shell, lifetime.ApplicationStopping);
            return Results.Empty;
        }
        catch (AgentException e)
        {
            return context.Response.HasStarted ? Results.Empty : Results.Problem(
                e.Message, statusCode: e.Failure == AgentFailure.Unreachable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status409Conflict);
        }
    }

    private static async Task ConverseAsync(WebSocket socket, IAgentShell shell, CancellationToken stopping)
    {
        // Cancelling a receive aborts the socket, which then cannot send a close frame: each direction has its own token.
        using var readEnded = new CancellationTokenSource();
        using var writeEnded = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var reading = ReadInputAsync(socket, shell.SendAsync, readEnded.Token);
        var writing = WriteOutputAsync(socket, shell, writeEnded.Token);
        await Task.WhenAny(reading, writing);
        await writeEnded.CancelAsync();
        var reason = await writing;
        try
        {
            await shell.SendAsync(new ShellSession { Action = "close" }, CancellationToken.None);
        }
        catch (AgentException)
        {
            // The agent is disconnected, which ended its shells.
        }

        var (status, text) = stopping.IsCancellationRequested ? (WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping")
            : (WebSocketCloseStatus.NormalClosure, reason ?? "");
        await CloseAsync(socket, status, text, reading);
        await readEnded.CancelAsync();
        await reading;
    }

    /// <summary>Forwards input until the user's side closes or sends an oversized text frame.</summary>
    private static async Task ReadInputAsync(WebSocket socket, Func<ShellSession, CancellationToken, ValueTask> send, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(InputBytes);
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult result;
                do
                {
                    result = await socket.ReceiveAsync(buffer.AsMemory(length), ct);
                    length += result.Count;

                    // Input has no frame boundaries: each part is forwarded, and a frame may have any length.
                    if (result.MessageType == WebSocketMessageType.Binary && length > 0)
                    {
                        await send(new ShellSession { Action = "data", Data = Convert.ToBase64String(buffer, 0, length) }, ct);
                        length = 0;
                    }
                }
                while (!result.EndOfMessage && length < buffer.Length);

                if (result.MessageType == WebSocketMessageType.Close || !result.EndOfMessage)
                {
                    return;
                }

                if (result.MessageType == WebSocketMessageType.Text && Resize(buffer.AsSpan(0, length)) is { } resize)
                {
                    await send(resize, ct);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or AgentException)
        {
            // The shell is closed next, whichever side ended.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>Reason of the end; null when the user's side ended it.</returns>
    private static async Task<string?> WriteOutputAsync(WebSocket socket, IAgentShell shell, CancellationToken ct)
    {
        try
        {
            await foreach (var message in shell.ReadAllAsync(ct))
            {
                if (message.Action is "closed" or "error")
                {
                    return message.Error ?? "the shell ended";
                }

                if (message.Data is { } data)
                {
                    await socket.SendAsync(Convert.FromBase64String(data), WebSocketMessageType.Binary, endOfMessage: true, ct);
                }
            }
        }
        catch (Exception e) when (e is AgentException or FormatException)
        {
            return e.Message;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The user's side is gone.
        }

        return null;
    }

    private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string reason, Task reading)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(status, CloseReason.Shorten(reason), limit.Token);
            }

            await reading.WaitAsync(limit.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The user's side is gone.
        }
    }

    private static ShellSession? Resize(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var size = JsonElement.Parse(utf8).GetProperty("resize");
            return new ShellSession { Action = "resize", Cols = size.GetProperty("cols").GetInt32(), Rows = size.GetProperty("rows").GetInt32() };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }
}
