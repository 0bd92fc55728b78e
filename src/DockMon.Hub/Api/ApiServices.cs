using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Hub.Access;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Logs;
using DockMon.Hub.Operations;
using Microsoft.AspNetCore.Diagnostics;

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
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, BulkJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ResourceJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, OperationJson.Default);
        });
        services.AddOpenApiContract();
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context => ProblemTypes.Set(context.ProblemDetails));
        services.AddSingleton<AdminKey>();
        services.AddSingleton<AgentCalls>();
        services.AddSingleton<PolledLog>();
        services.AddSingleton<OperationStore>();
        services.AddSingleton<OperationUpdates>();
        services.AddHostedService<OperationExpiry>();
        services.AddSingleton<StackStore>();
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
            // A body that is too large, for one, is the client's mistake, and no error of the hub's in its log.
            StatusCodeSelector = e => e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError,
            // What a handler of ours has answered, it has also logged.
            SuppressDiagnosticsCallback = context =>
                context.Exception is BadHttpRequestException || context.ExceptionHandledBy is ExceptionHandledType.ExceptionHandlerService,
        });
        app.UseStatusCodePages();
    }

    public static void MapApi(this WebApplication app)
    {
        app.MapOpenApi().Allow(Role.Viewer);
        HealthApi.Map(app);
        TokenApi.Map(app);
        HostApi.Map(app);
        ContainerApi.Map(app);
        ShellApi.Map(app);
        HealthCheckApi.Map(app);
        PolicyApi.Map(app);
        StreamApi.Map(app);
        BulkApi.Map(app);
        ResourceApi.Map(app);
        MergedLogsApi.Map(app);
        OperationApi.Map(app);
        StackApi.Map(app);
    }
}
