using DockMon.Hub.Agents.Limits;

namespace DockMon.Hub.Agents.Admission;

/// <summary>What is asked of every socket before it has shown a token.</summary>
internal sealed partial class AgentGate(UnregisteredSockets unregistered, WrongTokens wrong, TimeProvider time, ILogger<AgentGate> logger)
{
    private readonly LogLimit _origins = new(time);

    /// <summary>Takes a place among the sockets that have not registered; null, with the request answered, when there is none.</summary>
    public async Task<UnregisteredSocket?> EnterAsync(HttpContext context)
    {
        try
        {
            if (await unregistered.EnterAsync(context.Connection.RemoteIpAddress, context.RequestAborted) is { } place)
            {
                return place;
            }

            context.Response.Headers.RetryAfter = "5";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever waited has gone.
        }

        return null;
    }

    /// <summary>
    /// Whether a request is for a WebSocket, and not one of a web page: agents send no origin, browsers always do. Otherwise it is answered.
    /// </summary>
    public bool IsAgentSocket(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return false;
        }

        if (context.Request.Headers.Origin is not [{ } origin, ..])
        {
            return true;
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        if (_origins.Happened(out var count))
        {
            Log.OriginRefused(logger, count, Address(context), origin);
        }

        return false;
    }

    /// <summary>Counts a refusal, and waits before it is told when its address has had many.</summary>
    public async Task HoldBackAsync(HttpContext context, string reason, CancellationToken ct)
    {
        if (wrong.Count(context.Connection.RemoteIpAddress, reason) is { Ticks: > 0 } delay)
        {
            await Task.Delay(delay, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public static string Address(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "an unknown address";

    private static partial class Log
    {
        [LoggerMessage(33, LogLevel.Warning,
            "Refused {Count} sockets of web pages since the last such message, the newest from {Address} of {Origin}: only agents connect here")]
        public static partial void OriginRefused(ILogger logger, int count, string address, string origin);
    }
}
