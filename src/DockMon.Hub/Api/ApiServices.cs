using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Hub.Access;

namespace DockMon.Hub.Api;

/// <summary>The API for users: errors as problem details, JSON, OpenAPI and the endpoints.</summary>
internal static class ApiServices
{
    public static void AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
        });
        services.AddOpenApiContract();
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context => ProblemTypes.Set(context.ProblemDetails));
        services.AddSingleton<AdminKey>();
        services.AddSingleton<EventFeed>();
    }

    /// <summary>Headers of every answer, and answers to errors.</summary>
    public static async Task UseApiAsync(this WebApplication app, CancellationToken ct)
    {
        var key = app.Services.GetRequiredService<AdminKey>();
        await key.EnsureExistsAsync(ct);
        app.Use(SecurityHeaders.AddAsync);
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // A body that is too large, for one, is the client's mistake.
            StatusCodeSelector = e => e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError,
        });
        app.UseStatusCodePages();
    }

    public static void MapApi(this WebApplication app)
    {
        app.MapOpenApi().Allow(Role.Viewer);
        TokenApi.Map(app);
        HostApi.Map(app);
        ContainerApi.Map(app);
        ShellApi.Map(app);
        HealthCheckApi.Map(app);
        StreamApi.Map(app);
    }
}
