using System.Text.Json.Serialization;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.Api.Feeds;
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

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HistoryRequest))]
internal sealed partial class HistoryJson : JsonSerializerContext;

/// <summary>Endpoints of a host's statistics.</summary>
internal static class HistoryApi
{
    private const string Times = "must be a time such as 2026-11-23T08:24:59Z";

    public static void Map(WebApplication app)
    {
        var stats = app.MapGroup("/api/hosts/{id}/stats").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Viewer);
        stats.MapGet("", (string id, HostStats all, CancellationToken ct) => ShowAsync(all, id, null, ct))
            .Produces<StatsAnswer>()
            .WithSummary("Latest sample of the host and of each container.");
        stats.MapGet("/history", ReadAsync)
            .Produces<HistoryAnswer>()
            .WithMetadata(new AlsoAnswers(typeof(IReadOnlyList<HistoryEntry>)))
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .WithSummary("History of the host, or of a container by id or name, from the tier that fits, in at most 1,000 points. "
                + "Without container_name, from, to and step: the samples of the last five minutes, each as the agent sent it.");
    }

    private static async Task<IResult> ReadAsync(string id, HostStats all, [AsParameters] HistoryRequest request, CancellationToken ct)
    {
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

        if (request.From is not null && request.To is not null && from > to)
        {
            return Results.Problem("from must not be after to", statusCode: StatusCodes.Status400BadRequest);
        }

        return await ShowAsync(all, id, request, ct);
    }

    private static async Task<IResult> ShowAsync(HostStats all, string id, HistoryRequest? request, CancellationToken ct)
    {
        try
        {
            return Results.Bytes(await all.ReadAsync(id, request, ct), "application/json; charset=utf-8");
        }
        catch (AgentException e)
        {
            return Relay.Problem(e);
        }
    }

    private static bool TryReadTime(string? text, out DateTimeOffset time)
    {
        time = default;
        return text is null || Rfc3339.TryParse(text, out time);
    }
}
