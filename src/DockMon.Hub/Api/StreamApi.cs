using System.Globalization;

namespace DockMon.Hub.Api;

/// <summary>The event stream, as server-sent events.</summary>
internal static class StreamApi
{
    /// <summary>Interval of keep-alive comments: proxies close idle connections.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private const string Gap =
        $"event: {FeedNames.Gap}\ndata: {{\"host_id\":\"\",\"data\":{{\"reason\":\"events are missing here: read the current state again\"}}}}\n\n";

    public static void Map(WebApplication app) =>
        app.MapGet("/api/stream", StreamAsync).WithSummary(
            "Events, as server-sent events. Last-Event-ID replays missed events; the event gap says that some are lost.");

    private static async Task StreamAsync(HttpContext context, EventFeed feed, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var last = long.TryParse(context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : (long?)null;
        var listener = feed.Listen(last);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await WriteAsync(context.Response, listener, time, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client disconnected, or the hub is stopping.
        }
        finally
        {
            feed.Leave(listener);
        }
    }

    private static async Task WriteAsync(HttpResponse response, FeedListener listener, TimeProvider time, CancellationToken ct)
    {
        await response.WriteAsync(": connected\n\n", ct);
        while (true)
        {
            if (listener.TakeGap())
            {
                await response.WriteAsync(Gap, ct);
            }

            if (listener.TryTake(out var item))
            {
                await response.Body.WriteAsync(item.Text, ct);
                continue;
            }

            await response.Body.FlushAsync(ct);
            if (!await listener.WaitAsync(Heartbeat, time, ct))
            {
                await response.WriteAsync(": alive\n\n", ct);
            }
        }
    }
}
