using System.Globalization;

namespace DockMon.Hub.Api.Feeds;

/// <summary>Server-sent events: how a stream begins, waits without going quiet, and sends what a listener of the feed gets.</summary>
internal static class ServerSentEvents
{
    /// <summary>Interval of keep-alive comments: proxies close idle connections.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private const string Gap =
        $"event: {FeedNames.Gap}\ndata: {{\"host_id\":\"\",\"data\":{{\"reason\":\"events are missing here: read the current state again\"}}}}\n\n";

    /// <summary>The last event a client got: the header, or the parameter <c>last_event_id</c> of a client that cannot set the header.</summary>
    public static long? LastEventId(HttpRequest request)
    {
        var text = request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : request.Query["last_event_id"].ToString();
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
    }

    /// <summary>Sends events until the client leaves or the hub stops.</summary>
    /// <param name="context">The request.</param>
    /// <param name="feed">The feed.</param>
    /// <param name="listener">Its listener; it leaves the feed at the end.</param>
    /// <param name="everySecond">An event to send every second, or null when there is none at the moment.</param>
    public static async Task SendAsync(HttpContext context, EventFeed feed, FeedListener listener, Func<Task<byte[]?>>? everySecond = null)
    {
        var services = context.RequestServices;
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await WriteAsync(context.Response, listener, services.GetRequiredService<TimeProvider>(), everySecond, ended.Token);
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

    /// <summary>Begins the answer.</summary>
    public static Task BeginAsync(HttpResponse response, CancellationToken ct)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(": connected\n\n", ct);
    }

    /// <summary>Waits for what is sent next: what was written goes out before, and comments keep the connection alive meanwhile.</summary>
    public static async Task<bool> WaitAsync(HttpResponse response, Task<bool> next, TimeProvider time, CancellationToken ct)
    {
        while (true)
        {
            if (next.IsCompleted)
            {
                return await next;
            }

            await response.Body.FlushAsync(ct);
            try
            {
                return await next.WaitAsync(Heartbeat, time, ct);
            }
            catch (TimeoutException)
            {
                await response.WriteAsync(": alive\n\n", ct);
            }
        }
    }

    private static async Task WriteAsync(
        HttpResponse response, FeedListener listener, TimeProvider time, Func<Task<byte[]?>>? everySecond, CancellationToken ct)
    {
        await BeginAsync(response, ct);
        var (written, ticked) = (time.GetTimestamp(), (long?)null);
        while (true)
        {
            if (everySecond is not null && (ticked is not { } last || time.GetElapsedTime(last) >= Second))
            {
                ticked = time.GetTimestamp();
                if (await everySecond() is { } figures)
                {
                    await response.Body.WriteAsync(figures, ct);
                    written = time.GetTimestamp();
                }
            }

            if (listener.TakeGap())
            {
                await response.WriteAsync(Gap, ct);
            }

            if (listener.TryTake(out var item))
            {
                await response.Body.WriteAsync(item.Text, ct);
                written = time.GetTimestamp();
                continue;
            }

            await response.Body.FlushAsync(ct);
            if (!await listener.WaitAsync(everySecond is null ? Heartbeat : Second, time, ct) && time.GetElapsedTime(written) >= Heartbeat)
            {
                await response.WriteAsync(": alive\n\n", ct);
                written = time.GetTimestamp();
            }
        }
    }
}
