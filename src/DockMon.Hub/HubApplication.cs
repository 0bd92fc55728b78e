using System.Reflection;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Storage;
using Microsoft.Extensions.Logging.Console;

namespace DockMon.Hub;

/// <summary>Builds the hub's web application, for the program and for in-process tests.</summary>
public static class HubApplication
{
    /// <summary>Version of this program.</summary>
    public static string Version { get; } =
        typeof(HubApplication).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    /// <summary>Builds a hub that is not started yet.</summary>
    public static WebApplication Build(HubOptions options, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "dockmon-hub" });
        builder.WebHost.UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Protocol.ProtocolLimits.ControlFrameBytes;
        });
        builder.Logging.SetMinimumLevel(options.LogLevel);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.AddSingleton<ConsoleFormatter, LineFormatter>();
        builder.Logging.AddConsole(console => console.FormatterName = LineFormatter.FormatterName);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
        });
        builder.Services.AddOpenApi();
        builder.Services.AddProblemDetails();

        var database = new Database(options.DataPath);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton<ITokens, SqliteTokens>();
        builder.Services.AddSingleton<IHosts, SqliteHosts>();
        builder.Services.AddSingleton<IEvents, SqliteEvents>();
        builder.Services.AddSingleton<IHealthChecks, SqliteHealthChecks>();
        builder.Services.AddSingleton<HealthCheckPush>();
        builder.Services.AddSingleton<AdminKey>();
        builder.Services.AddSingleton<EventFeed>();
        builder.Services.AddSingleton<StatsHistory>();
        builder.Services.AddSingleton<AgentRegistry>();
        builder.Services.AddSingleton<UnregisteredSockets>();
        builder.Services.AddSingleton<Registrations>();
        builder.Services.AddSingleton<Registrar>();
        builder.Services.AddSingleton<AgentMessages>();
        builder.Services.AddSingleton<AgentEndpoints>();

        var app = builder.Build();
        app.Services.GetRequiredService<AdminKey>().EnsureExists();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // A body that is too large, for one, is the client's mistake.
            StatusCodeSelector = e => e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError,
        });
        app.UseStatusCodePages();
        app.Use(app.Services.GetRequiredService<AdminKey>().RequireAsync);
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = options.PingInterval, KeepAliveTimeout = options.PingInterval });
        app.MapOpenApi();
        app.Services.GetRequiredService<AgentEndpoints>().Map(app);
        TokenApi.Map(app);
        HostApi.Map(app);
        ContainerApi.Map(app);
        ShellApi.Map(app);
        HealthCheckApi.Map(app);
        StreamApi.Map(app);
        return app;
    }
}
