using System.Reflection;
using DockMon.Hub.Access;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Bus;
using DockMon.Hub.History;
using DockMon.Hub.Images;
using DockMon.Hub.Inventory;
using DockMon.Hub.Logs;
using DockMon.Hub.Page;
using DockMon.Hub.Storage;
using DockMon.Hub.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Console;

namespace DockMon.Hub;

/// <summary>Builds the hub's web application, for the program and for in-process tests.</summary>
public static class HubApplication
{
    /// <summary>Version of this program.</summary>
    public static string Version { get; } =
        typeof(HubApplication).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    /// <summary>Builds a hub that is not started yet.</summary>
    public static async Task<WebApplication> BuildAsync(HubOptions options, TimeProvider? time = null, CancellationToken ct = default)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "dockmon-hub" });
        builder.WebHost.UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Protocol.ProtocolLimits.ControlFrameBytes;
        });

        // What arrives is handled by the thread that has received it: nothing here blocks a thread.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.AddTls(options);
        builder.Logging.SetMinimumLevel(options.LogLevel);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

        // It says nothing above that level, and is asked for each request, which for an agent's socket means as long as it is connected.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Services.AddSingleton<ConsoleFormatter, LineFormatter>();
        builder.Logging.AddConsole(console => console.FormatterName = LineFormatter.FormatterName);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddStorage();
        builder.Services.AddHistory();
        builder.Services.AddBus(options);
        builder.Services.AddAgents();
        builder.Services.AddInventory();
        builder.Services.AddLogs();
        builder.Services.AddImages();
        builder.Services.AddApi();
        builder.Services.AddAccess(options);

        var app = builder.Build();
        app.UseTls(options);
        await app.UseStorageAsync(ct);
        app.UseAgents();
        await app.UseApiAsync(ct);
        await app.UseAccessAsync(ct);
        app.MapInventory();
        app.MapApi();
        app.MapAccess();
        app.MapPage();
        app.MapHistory();
        app.MapLogs();
        app.MapImages();
        return app;
    }
}
