using System.Text;
using System.Text.Json;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Inventory;

/// <summary>Endpoints of the containers of all hosts.</summary>
internal static class InventoryApi
{
    /// <summary>Maximum number of containers on a page.</summary>
    public const int MostRows = 1000;

    /// <summary>Maximum number of containers whose figures one stream has.</summary>
    public const int MostFigures = 200;

    /// <summary>Maximum number of values of one filter.</summary>
    private const int MostValues = 1000;

    public static void Map(WebApplication app)
    {
        app.MapGet("/api/containers", ListAsync)
            .Allow(Role.Viewer)
            .Produces<ContainerPage>()
            .WithSummary("Containers of all hosts, as they were last known: filtered, sorted, in pages.");
        app.MapGet("/api/containers/changes", ChangesAsync)
            .Allow(Role.Viewer)
            .Produces<string>(contentType: "text/event-stream")
            .WithSummary("Changes of containers, as server-sent events; with figures of the containers asked for, once a second.");
    }

    private static async Task<IResult> ListAsync(
        [AsParameters] ContainerParameters parameters,
        ContainerSearch search,
        LatestFigures figures,
        Presence presence,
        EventFeed feed,
        VisibleHosts visible,
        CancellationToken ct)
    {
        if (parameters.Read(out var query) is { } problem)
        {
            return Results.Problem(problem, statusCode: StatusCodes.Status400BadRequest);
        }

        var lastEvent = feed.LastId;
        var (items, next) = await search.FindAsync(query, visible, ct);
        var newest = await figures.ReadAsync(items.Select(item => item.Container.HostId));
        var counts = query.After is null ? await search.CountAsync(query, visible, ct) : null;
        return TypedResults.Ok(new ContainerPage(
            [.. items.Select(item => ContainerAnswers.Show(
                item.Container,
                item.Host,
                presence.IsConnected(item.Container.HostId),
                item.Container.State == "running" ? newest.Find(item.Container.HostId, item.Container.Id) : null))],
            next?.Encode(),
            counts?.Where(count => query.States.Count == 0 || query.States.Contains(count.Key)).Sum(count => count.Value),
            counts,
            lastEvent.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static async Task<IResult> ChangesAsync(
        HttpContext context, EventFeed feed, LatestFigures latest, VisibleHosts visible, [FromQuery(Name = "figures")] string[]? figures)
    {
        if (ReadFigures(figures ?? []) is not { } wanted)
        {
            return Results.Problem(
                $"figures must be HOST_ID:CONTAINER_ID[,CONTAINER_ID…], for at most {MostFigures} containers", statusCode: StatusCodes.Status400BadRequest);
        }

        wanted.RemoveAll(item => !visible.Sees(item.HostId));
        var listener = feed.Listen(
            ServerSentEvents.LastEventId(context.Request),
            (name, host) => name == FeedNames.ContainersChanged && visible.Sees(host));
        await ServerSentEvents.SendAsync(context, feed, listener, wanted.Count == 0 ? null : () => FiguresAsync(latest, wanted));
        return Results.Empty;
    }

    /// <returns>Null when they cannot be read or are too many.</returns>
    private static List<(string HostId, string Id)>? ReadFigures(string[] figures)
    {
        var wanted = new List<(string HostId, string Id)>();
        foreach (var text in figures)
        {
            if (text.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var colon))
            {
                return null;
            }

            wanted.AddRange(text[(colon + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => (text[..colon], id)));
            if (wanted.Count > MostFigures)
            {
                return null;
            }
        }

        return wanted;
    }

    private static async Task<byte[]?> FiguresAsync(LatestFigures latest, List<(string HostId, string Id)> wanted)
    {
        var newest = await latest.ReadAsync(wanted.Select(item => item.HostId));
        List<FiguresEntry> found = [];
        foreach (var (hostId, id) in wanted)
        {
            if (newest.Find(hostId, id) is { } figures)
            {
                found.Add(new FiguresEntry(hostId, id, figures));
            }
        }

        var data = JsonSerializer.Serialize(found, InventoryJson.Default.IReadOnlyListFiguresEntry);
        return found.Count == 0 ? null : Encoding.UTF8.GetBytes($"event: {FeedNames.Figures}\ndata: {data}\n\n");
    }

    /// <summary>The parameters of a query for containers.</summary>
    internal sealed record ContainerParameters
    {
        [FromQuery(Name = "q")]
        public string? Search { get; init; }

        [FromQuery(Name = "host")]
        public string[]? Host { get; init; }

        [FromQuery(Name = "tag")]
        public string[]? Tag { get; init; }

        [FromQuery(Name = "state")]
        public string[]? State { get; init; }

        [FromQuery(Name = "health")]
        public string[]? Health { get; init; }

        [FromQuery(Name = "project")]
        public string[]? Project { get; init; }

        [FromQuery(Name = "image")]
        public string? Image { get; init; }

        [FromQuery(Name = "sort")]
        public string? Sort { get; init; }

        [FromQuery(Name = "order")]
        public string? Order { get; init; }

        [FromQuery(Name = "limit")]
        public int? Limit { get; init; }

        [FromQuery(Name = "cursor")]
        public string? Cursor { get; init; }

        /// <returns>What is wrong with them; null when nothing is.</returns>
        public string? Read(out ContainerQuery query)
        {
            query = new ContainerQuery();
            if (!Enum.TryParse<ContainerSort>(Sort ?? "name", ignoreCase: true, out var sort)
                || !Enum.IsDefined(sort)
                || char.IsAsciiDigit((Sort ?? "name")[0]))
            {
                return "sort must be one of " + string.Join(", ", Enum.GetNames<ContainerSort>()).ToLowerInvariant();
            }

            if ((Order ?? "asc") is not ("asc" or "desc"))
            {
                return "order must be asc or desc";
            }

            if (new[] { Host, Tag, State, Health, Project }.Any(values => values?.Length > MostValues))
            {
                return $"a filter has at most {MostValues} values";
            }

            ContainerCursor? after = null;
            if (Cursor is not null && ((after = ContainerCursor.Decode(Cursor)) is null || after.Sort != sort || after.Descending != (Order == "desc")))
            {
                return "cursor is not one of this query: begin with the first page";
            }

            query = new ContainerQuery
            {
                Search = Search ?? "",
                Hosts = Host ?? [],
                Tags = Tag ?? [],
                States = State ?? [],
                Healths = Health ?? [],
                Projects = Project ?? [],
                Image = Image ?? "",
                Sort = sort,
                Descending = Order == "desc",
                Limit = Math.Clamp(Limit ?? 100, 1, MostRows),
                After = after,
            };
            return null;
        }
    }
}
