using System.Globalization;
using System.Text;

namespace DockMon.Hub.Api;

/// <summary>What changes, as server-sent events.</summary>
internal static class StreamApi
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static void Map(WebApplication app) =>
        app.MapGet("/api/stream", StreamAsync).WithSummary("What changes, as server-sent events; Last-Event-ID replays what was missed.");

    private static async Task StreamAsync(HttpContext context, EventFeed feed, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var last = long.TryParse(context.Request.Headers["Last-Event-ID"], CultureInfo.InvariantCulture, out var id) ? id : (long?)null;
        var listener = feed.Listen(last);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await context.Response.WriteAsync(": connected\n\n", ended.Token);
            await context.Response.Body.FlushAsync(ended.Token);
            while (true)
            {
                var waiting = listener.Reader.WaitToReadAsync(ended.Token).AsTask();
                try
                {
                    await waiting.WaitAsync(Heartbeat, time, ended.Token);
                }
                catch (TimeoutException)
                {
                    await context.Response.WriteAsync(": alive\n\n", ended.Token);
                }

                while (listener.Reader.TryRead(out var item))
                {
                    await context.Response.WriteAsync(Format(item), ended.Token);
                }

                await context.Response.Body.FlushAsync(ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The listener went, or the hub stops.
        }
        finally
        {
            feed.Leave(listener);
        }
    }

    private static string Format(FeedItem item) =>
        new StringBuilder().Append(CultureInfo.InvariantCulture, $"id: {item.Id}\nevent: {item.Name}\ndata: {{\"host_id\":\"{item.HostId}\",\"data\":{item.Data.GetRawText()}}}\n\n").ToString();
}
