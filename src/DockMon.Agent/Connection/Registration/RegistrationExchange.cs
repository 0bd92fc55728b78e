using System.Net.WebSockets;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Threading;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection.Registration;

/// <summary>The first exchange over a new connection: the agent registers, and the server answers.</summary>
internal static class RegistrationExchange
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    /// <summary>Registers; takes leave when the server refuses.</summary>
    /// <exception cref="RegistrationRejectedException">The server said no.</exception>
    /// <exception cref="DialException">The server did not answer as the protocol says.</exception>
    public static async Task<AuthSuccess> RunAsync(
        ServerSocket socket, FrameReader reader, RegisterRequest request, ILogger logger, CancellationToken ct)
    {
        socket.Tokens.Add(request.Token);
        using var limit = new TimeLimit(ProtocolLimits.AuthWait, TimeProvider.System, ct);
        try
        {
            await socket.SendAsync(FrameWriter.Message(request, ProtocolJson.Default.RegisterRequest), limit.Token);
            await socket.FlushAsync(limit.Token);
            var (kind, frame, _) = await reader.ReadAsync(limit.Token, RegistrationAnswer.MaxBytes);
            if (kind != ReadKind.Frame)
            {
                throw new DialException(kind == ReadKind.Discarded
                    ? $"the server's answer to the registration is not a text frame of at most {RegistrationAnswer.MaxBytes} bytes"
                    : $"the server ended the registration without an answer: {socket.CloseText()}");
            }

            return RegistrationAnswer.Read(frame.Span, socket.Tokens);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new DialException($"the server did not answer the registration within {ProtocolLimits.AuthWait.TotalSeconds:0} s (timeout)");
        }
        catch (WebSocketException e)
        {
            throw new DialException($"the connection broke during the registration: {e.Message}", inner: e);
        }
        catch (Exception e) when (e is DialException or RegistrationRejectedException)
        {
            await EndAsync(socket, reader, e is RegistrationRejectedException, logger, ct);
            throw;
        }
    }

    /// <summary>Takes leave without having been registered. A server closes after a refusal, and gets its answer to that.</summary>
    private static async Task EndAsync(ServerSocket socket, FrameReader reader, bool closeFollows, ILogger logger, CancellationToken ct)
    {
        using var limit = new TimeLimit(CloseLimit, TimeProvider.System, ct);
        try
        {
            while (closeFollows && (await reader.ReadAsync(limit.Token, RegistrationAnswer.MaxBytes)).Kind != ReadKind.Close)
            {
                // What else it says concerns nobody any more.
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            ConnectionLog.CloseFailed(logger, e is OperationCanceledException ? "timeout" : e.Message);
            return;
        }

        using var goodbye = new CancellationTokenSource(CloseLimit);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "not registered", logger, goodbye.Token);
    }
}
