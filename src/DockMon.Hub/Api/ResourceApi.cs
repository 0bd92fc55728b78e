using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Hub.Access;
using DockMon.Hub.Agents;
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
    public static void Map(WebApplication app)
    {
        var host = app.MapGroup("/api/hosts/{id}").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Viewer);
        host.MapGet("/images", ListImagesAsync).Produces<IReadOnlyList<ImageSummary>>().WithSummary("Images of the host, and which containers use them.");
        host.MapDelete("/images/{image}", RemoveImageAsync).Allow(CommandRoles.OfCommand(CommandNames.RemoveImage))
            .Produces(StatusCodes.Status204NoContent)
            .WithSummary("Removes an image; with force=true although it has several tags or stopped containers use it.");
        host.MapPost("/images/prune", PruneImagesAsync).Allow(CommandRoles.OfCommand(CommandNames.PruneImages))
            .Produces<PruneResult>().WithSummary("Removes every image that no container uses.");
        host.MapGet("/networks", ListNetworksAsync).Produces<IReadOnlyList<NetworkSummary>>().WithSummary("Networks of the host, and their containers.");
        host.MapDelete("/networks/{network}", RemoveNetworkAsync).Allow(CommandRoles.OfCommand(CommandNames.DeleteNetwork))
            .Produces(StatusCodes.Status204NoContent).WithSummary("Removes a network; with force=true its containers are disconnected first.");
        host.MapPost("/networks/prune", PruneNetworksAsync).Allow(CommandRoles.OfCommand(CommandNames.PruneNetworks))
            .Produces<PruneResult>().WithSummary("Removes every network that no container uses.");
        host.MapGet("/volumes", ListVolumesAsync).Produces<IReadOnlyList<VolumeSummary>>().WithSummary("Volumes of the host, and which containers use them.");
        host.MapDelete("/volumes/{volume}", RemoveVolumeAsync).Allow(CommandRoles.OfCommand(CommandNames.DeleteVolume))
            .Produces(StatusCodes.Status204NoContent).WithSummary("Removes a volume and what is in it.");
        host.MapPost("/volumes/prune", PruneVolumesAsync).Allow(CommandRoles.OfCommand(CommandNames.PruneVolumes))
            .Produces<PruneResult>().WithSummary("Removes every volume that no container uses, with what is in it.");
    }

    /// <summary>The answer of an agent, or its error as a problem.</summary>
    public static async Task<IResult> AnswerAsync(Task<JsonElement> asking)
    {
        try
        {
            return Results.Text((await asking).GetRawText(), "application/json");
        }
        catch (AgentException e)
        {
            return Relay.Problem(e);
        }
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

    private static Task<IResult> ListImagesAsync(string id, AgentCalls agents, CancellationToken ct) =>
        AnswerAsync(agents.CommandAsync(id, CommandNames.ListImages, ct));

    private static Task<IResult> RemoveImageAsync(string id, string image, bool? force, AgentCalls agents, CancellationToken ct) =>
        DoneAsync(agents.CommandAsync(
            id, CommandNames.RemoveImage, new RemoveImageRequest { ImageId = image, Force = force }, ProtocolJson.Default.RemoveImageRequest, ct));

    private static Task<IResult> PruneImagesAsync(string id, AgentCalls agents, CancellationToken ct) =>
        AnswerAsync(agents.CommandAsync(id, CommandNames.PruneImages, ct));

    private static Task<IResult> ListNetworksAsync(string id, AgentCalls agents, CancellationToken ct) =>
        AnswerAsync(agents.CommandAsync(id, CommandNames.ListNetworks, ct));

    private static Task<IResult> RemoveNetworkAsync(string id, string network, bool? force, AgentCalls agents, CancellationToken ct) =>
        DoneAsync(agents.CommandAsync(
            id, CommandNames.DeleteNetwork, new DeleteNetworkRequest { NetworkId = network, Force = force }, ProtocolJson.Default.DeleteNetworkRequest, ct));

    private static Task<IResult> PruneNetworksAsync(string id, AgentCalls agents, CancellationToken ct) =>
        AnswerAsync(agents.CommandAsync(id, CommandNames.PruneNetworks, ct));

    private static Task<IResult> ListVolumesAsync(string id, AgentCalls agents, CancellationToken ct) =>
        AnswerAsync(agents.CommandAsync(id, CommandNames.ListVolumes, ct));

    private static Task<IResult> RemoveVolumeAsync(string id, string volume, bool? force, AgentCalls agents, CancellationToken ct) =>
        DoneAsync(agents.CommandAsync(
            id, CommandNames.DeleteVolume, new DeleteVolumeRequest { VolumeName = volume, Force = force }, ProtocolJson.Default.DeleteVolumeRequest, ct));

    private static Task<IResult> PruneVolumesAsync(string id, AgentCalls agents, CancellationToken ct) =>
        AnswerAsync(agents.CommandAsync(id, CommandNames.PruneVolumes, ct));
}
