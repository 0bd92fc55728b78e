using DockMon.Hub.Access.Permissions;

namespace DockMon.Hub.Api.Feeds;

/// <summary>The event stream.</summary>
internal static class StreamApi
{
    public static void Map(WebApplication app) =>
        app.MapGet("/api/stream", StreamAsync).Allow(Role.Viewer).Produces<string>(contentType: "text/event-stream").WithSummary(
            "Events, as server-sent events. Last-Event-ID replays missed events; the event gap says that some are lost.");

    private static Task StreamAsync(HttpContext context, EventFeed feed, VisibleHosts visible) =>
        ServerSentEvents.SendAsync(context, feed, feed.Listen(ServerSentEvents.LastEventId(context.Request), (_, host) => visible.Sees(host)));
}
