using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.History.Live;
using DockMon.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.History;

/// <summary>What is asked of a history.</summary>
internal sealed class HistoryRequest
{
    /// <summary>Docker's id of a container; the host itself without it and without a name.</summary>
    [FromQuery(Name = "container_id")]
    public string? ContainerId { get; init; }

    /// <summary>Its name, under which the history goes on when the container is made anew.</summary>
    [FromQuery(Name = "container_name")]
    public string? ContainerName { get; init; }

    /// <summary>Start, as an RFC 3339 time; an hour before the end without it.</summary>
    [FromQuery(Name = "from")]
    public string? From { get; init; }

    /// <summary>End; now without it.</summary>
    [FromQuery(Name = "to")]
    public string? To { get; init; }

    /// <summary>Seconds of a point at least.</summary>
    [FromQuery(Name = "step")]
    public long? Step { get; init; }
}

/// <summary>Endpoints of a host's statistics.</summary>
internal static class HistoryApi
{
    private const string Times = "must be a time such as 2026-11-23T08:24:59Z";

    public static void Map(WebApplication app)
    {
        var stats = app.MapGroup("/api/hosts/{id}/stats").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Viewer);
        stats.MapGet("", (string id, LiveSamples samples) =>
        {
            var (own, containers) = samples.Latest(id);
            return new StatsAnswer(own, containers, samples.Find(id)?.Refused ?? 0);
        }).WithSummary("Latest sample of the host and of each container.");
        stats.MapGet("/history", ReadAsync)
            .Produces<HistoryAnswer>()
            .WithMetadata(new AlsoAnswers(typeof(IReadOnlyList<HistoryEntry>)))
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .WithSummary("History of the host, or of a container by id or name, from the tier that fits, in at most 1,000 points. "
                + "Without container_name, from, to and step: the samples of the last five minutes, each as the agent sent it.");
    }

    private static async Task<IResult> ReadAsync(
        string id, LiveSamples samples, HistoryStore store, HistoryQuery history, [AsParameters] HistoryRequest request, CancellationToken ct)
    {
        if (request is { ContainerName: null, From: null, To: null, Step: null })
        {
            return Results.Ok<IReadOnlyList<HistoryEntry>>([.. samples.Recent(id, request.ContainerId ?? LiveSamples.HostSeries)
                .Select(sample => new HistoryEntry(sample.ReceivedAt, sample.Stats))]);
        }

        if (!TryReadTime(request.From, out var from) || !TryReadTime(request.To, out var to))
        {
            return Results.Problem($"from and to {Times}", statusCode: StatusCodes.Status400BadRequest);
        }

        if (request.Step is < 1 or > 86_400 * 366)
        {
            return Results.Problem("step must be a number of seconds, from 1 to a year", statusCode: StatusCodes.Status400BadRequest);
        }

        if (request.ContainerName is not null && request.ContainerId is not null)
        {
            return Results.Problem("name the container with container_id or container_name, not both", statusCode: StatusCodes.Status400BadRequest);
        }

        if (from > to)
        {
            return Results.Problem("from must not be after to", statusCode: StatusCodes.Status400BadRequest);
        }

        var series = request switch
        {
            { ContainerName: { } name } => name.TrimStart('/'),
            { ContainerId: { } container } => samples.Find(id)?.SeriesOf(container) ?? await store.FindNameAsync(id, container, ct) ?? container,
            _ => LiveSamples.HostSeries,
        };
        return Results.Ok(await history.ReadAsync(id, series, from, to, request.Step ?? 0, ct));
    }

    private static bool TryReadTime(string? text, out DateTimeOffset? time)
    {
        time = null;
        if (text is null)
        {
            return true;
        }

        var valid = Rfc3339.TryParse(text, out var read);
        time = read;
        return valid;
    }
}
