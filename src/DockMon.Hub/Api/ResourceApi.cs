using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<ImageSummary>))]
[JsonSerializable(typeof(IReadOnlyList<NetworkSummary>))]
[JsonSerializable(typeof(IReadOnlyList<VolumeSummary>))]
[JsonSerializable(typeof(PruneResult))]
internal sealed partial class ResourceJson : JsonSerializerContext;

/// <summary>Endpoints of a host's images, networks and volumes.</summary>
internal static class ResourceApi
{
    // An agent gives its engine ten minutes.
    private static readonly TimeSpan PruneLimit = TimeSpan.FromMinutes(11);

    public static void Map(WebApplication app)
    {
        var host = app.MapGroup("/api/hosts/{id}").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Viewer);
        host.MapGet("/images", (string id, AgentRequests agents, CancellationToken ct) => ListAsync(agents, id, CommandNames.ListImages, ct))
            .Produces<IReadOnlyList<ImageSummary>>().WithSummary("Images of the host, and which containers use them.");
        host.MapDelete("/images/{image}", RemoveImageAsync).Allow(CommandRoles.OfCommand(CommandNames.RemoveImage))
            .Produces(StatusCodes.Status204NoContent)
            .WithSummary("Removes an image; with force=true although it has several tags or stopped containers use it.");
        host.MapPost("/images/prune", (string id, AgentRequests agents, CancellationToken ct) => PruneAsync(agents, id, CommandNames.PruneImages, ct))
            .Allow(CommandRoles.OfCommand(CommandNames.PruneImages))
            .Produces<PruneResult>().WithSummary("Removes every image that no container uses.");
        host.MapGet("/networks", (string id, AgentRequests agents, CancellationToken ct) => ListAsync(agents, id, CommandNames.ListNetworks, ct))
            .Produces<IReadOnlyList<NetworkSummary>>().WithSummary("Networks of the host, and their containers.");
        host.MapDelete("/networks/{network}", RemoveNetworkAsync).Allow(CommandRoles.OfCommand(CommandNames.DeleteNetwork))
            .Produces(StatusCodes.Status204NoContent).WithSummary("Removes a network; with force=true its containers are disconnected first.");
        host.MapPost("/networks/prune", (string id, AgentRequests agents, CancellationToken ct) => PruneAsync(agents, id, CommandNames.PruneNetworks, ct))
            .Allow(CommandRoles.OfCommand(CommandNames.PruneNetworks))
            .Produces<PruneResult>().WithSummary("Removes every network that no container uses.");
        host.MapGet("/volumes", (string id, AgentRequests agents, CancellationToken ct) => ListAsync(agents, id, CommandNames.ListVolumes, ct))
            .Produces<IReadOnlyList<VolumeSummary>>().WithSummary("Volumes of the host, and which containers use them.");
        host.MapDelete("/volumes/{volume}", RemoveVolumeAsync).Allow(CommandRoles.OfCommand(CommandNames.DeleteVolume))
            .Produces(StatusCodes.Status204NoContent).WithSummary("Removes a volume and what is in it.");
        host.MapPost("/volumes/prune", (string id, AgentRequests agents, CancellationToken ct) => PruneAsync(agents, id, CommandNames.PruneVolumes, ct))
            .Allow(CommandRoles.OfCommand(CommandNames.PruneVolumes))
            .Produces<PruneResult>().WithSummary("Removes every volume that no container uses, with what is in it.");
    }

    private static async Task<IResult> DoneAsync(Task<JsonElement> asking)
    {
        try
        {
            await asking;
            return Results.NoContent();
        }
        catch (AgentException e)
        {
            return Relay.Problem(e);
        }
    }

    private static Task<IResult> ListAsync(AgentRequests agents, string id, string command, CancellationToken ct) =>
        Relay.CommandAsync(agents, id, command, default, Relay.DefaultLimit, ct);

    private static Task<IResult> PruneAsync(AgentRequests agents, string id, string command, CancellationToken ct) =>
        Relay.CommandAsync(agents, id, command, default, PruneLimit, ct);

    private static Task<IResult> RemoveImageAsync(string id, string image, bool? force, AgentCalls agents, CancellationToken ct) =>
        DoneAsync(agents.CommandAsync(
            id, CommandNames.RemoveImage, new RemoveImageRequest { ImageId = image, Force = force }, ProtocolJson.Default.RemoveImageRequest, ct));

    private static Task<IResult> RemoveNetworkAsync(string id, string network, bool? force, AgentCalls agents, CancellationToken ct) =>
        DoneAsync(agents.CommandAsync(
            id, CommandNames.DeleteNetwork, new DeleteNetworkRequest { NetworkId = network, Force = force }, ProtocolJson.Default.DeleteNetworkRequest, ct));

    private static Task<IResult> RemoveVolumeAsync(string id, string volume, bool? force, AgentCalls agents, CancellationToken ct) =>
        DoneAsync(agents.CommandAsync(
            id, CommandNames.DeleteVolume, new DeleteVolumeRequest { VolumeName = volume, Force = force }, ProtocolJson.Default.DeleteVolumeRequest, ct));
}
