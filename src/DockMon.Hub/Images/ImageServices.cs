using System.Text.Json.Serialization;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Feeds;
using DockMon.Protocol;

namespace DockMon.Hub.Images;

/// <summary>Updates of images: checks and what they found.</summary>
internal static class ImageServices
{
    public static void AddImages(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ImageJson.Default));
        services.AddSingleton<ImageCheckStore>();
        services.AddSingleton<Registries>();
        services.AddSingleton<ImageChecks>();
        services.AddHostedService<ImageCheckLoop>();
    }

    public static void MapImages(this WebApplication app)
    {
        RegistryApi.Map(app);
        var host = app.MapGroup("/api/hosts/{id}").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Viewer);
        host.MapPost("/images/check", CheckAsync).Allow(Role.Operator)
            .Produces<IReadOnlyList<ImageCheckResult>>()
            .ProducesProblem(StatusCodes.Status501NotImplemented)
            .WithSummary("Asks registries whether they have newer images; those of all containers when the body names none.");
        host.MapGet("/updates", (string id, ImageChecks checks, CancellationToken ct) => checks.UpdatesAsync(id, ct))
            .WithSummary("The containers of the host, and whether there is a newer image for each.");
        app.MapGet("/api/updates", (ImageChecks checks, VisibleHosts visible, CancellationToken ct) => checks.UpdatesAsync(visible, ct))
            .Allow(Role.Viewer)
            .WithSummary("The containers of all hosts whose images were checked, and whether there is a newer image for each.");
    }

    private static async Task<IResult> CheckAsync(string id, ImageCheckRequest? request, ImageChecks checks, CancellationToken ct)
    {
        try
        {
            return Results.Ok(await checks.CheckAsync(id, request ?? new ImageCheckRequest(), ct));
        }
        catch (AgentException e)
        {
            return Relay.Problem(e);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImageCheckRequest))]
[JsonSerializable(typeof(IReadOnlyList<ImageCheckResult>))]
[JsonSerializable(typeof(IReadOnlyList<ContainerUpdate>))]
[JsonSerializable(typeof(PolicyStatement))]
[JsonSerializable(typeof(RegistryRequest))]
[JsonSerializable(typeof(IReadOnlyList<RegistryAnswer>))]
internal sealed partial class ImageJson : JsonSerializerContext;
