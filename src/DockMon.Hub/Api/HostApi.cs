using System.Text.Json;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Hub.History.Live;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>Endpoints of hosts and their data.</summary>
internal static class HostApi
{
    public static void Map(WebApplication app)
    {
        app.MapGet("/api/hosts", ListAsync).Allow(Role.Viewer).WithSummary("Registered hosts.");
        var host = app.MapGroup("/api/hosts/{id}").AddEndpointFilter(ExistsAsync).Allow(Role.Viewer);
        host.MapGet("", async (string id, IHosts hosts, Presence presence, HostTags tags, HostQuotas quotas, CancellationToken ct) =>
            Show((await hosts.FindAsync(id, ct))!, presence, await tags.ReadAsync(ct), quotas)).WithSummary("One host, and how often it reached its limits.");
        host.MapDelete("", async (
            string id, IHosts hosts, AgentRegistry agents, Presence presence, LiveSamples samples, HostQuotas quotas, EventFeed feed, CancellationToken ct) =>
        {
            await hosts.DeleteAsync(id, ct);
            agents.HostRemoved(id);
            presence.HostRemoved(id);
            samples.Forget(id);
            quotas.Forget(id);
            feed.Publish(FeedNames.HostRemoved, id, "{}"u8);
            return Results.NoContent();
        }).Produces(StatusCodes.Status204NoContent).Allow(Role.Admin).WithSummary("Removes a host and its events. Its agent has to register again.");
        host.MapGet("/system", GetSystemAsync).WithSummary("Docker's system information of the host.");
        host.MapGet("/events", (string id, IEvents events, int? limit, CancellationToken ct) =>
            events.ListAsync(id, Math.Clamp(limit ?? 100, 1, Events.KeptOfHost), ct))
            .WithSummary("Container events, newest first.");
        host.MapPost("/command", CommandAsync).AllowByCommand().WithSummary("Forwards a command of the protocol.");
        host.MapPost("/operation", OperationAsync).AllowByCommand().WithSummary("Forwards a container operation of the protocol.");
    }

    private static async Task<IReadOnlyList<HostAnswer>> ListAsync(
        VisibleHosts visible, IHosts hosts, Presence presence, HostTags tags, HostQuotas quotas, CancellationToken ct)
    {
        var known = await tags.ReadAsync(ct);
        return [.. (await hosts.ListAsync(ct)).Where(host => visible.Sees(host.Id)).Select(host => Show(host, presence, known, quotas))];
    }

    private static Task<IResult> GetSystemAsync(string id, AgentRequests agents, CancellationToken ct) =>
        Relay.CommandAsync(agents, id, CommandNames.GetSystemInfo, default, Relay.DefaultLimit, ct);

    private static Task<IResult> CommandAsync(string id, AgentRequests agents, CommandRequest request, double? timeout_seconds, CancellationToken ct) =>
        string.IsNullOrEmpty(request.Command)
            ? Task.FromResult(Results.Problem("the body must name a command", statusCode: StatusCodes.Status400BadRequest))
            : Relay.CommandAsync(agents, id, request.Command, request.Payload ?? default, Relay.Limit(timeout_seconds), ct);

    private static Task<IResult> OperationAsync(string id, AgentRequests agents, JsonElement payload, double? timeout_seconds, CancellationToken ct) =>
        payload.ValueKind != JsonValueKind.Object
            ? Task.FromResult(Results.Problem("the body must be a JSON object", statusCode: StatusCodes.Status400BadRequest))
            : Relay.OperationAsync(agents, id, payload, Relay.Limit(timeout_seconds), ct);

    internal static async ValueTask<object?> ExistsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var id = (string)context.HttpContext.Request.RouteValues["id"]!;
        return await context.HttpContext.RequestServices.GetRequiredService<IHosts>().FindAsync(id, context.HttpContext.RequestAborted) is null
            ? Results.Problem($"there is no host {id}", statusCode: StatusCodes.Status404NotFound, type: ProblemTypes.HostNotFound)
            : await next(context);
    }

    private static HostAnswer Show(HostRecord host, Presence presence, IReadOnlyDictionary<string, string[]> tags, HostQuotas quotas) =>
        new(
            host.Id, host.Hostname, host.EngineId, presence.IsConnected(host.Id), host.RegisteredAt, host.LastSeen, tags.GetValueOrDefault(host.Id, []),
            host.Registration, quotas.Reached(host.Id));
}
