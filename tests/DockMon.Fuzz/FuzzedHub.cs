using System.Net.WebSockets;
using System.Text.Json;
using DockMon.Hub.Agents.Delivery;
using DockMon.Hub;
using DockMon.Hub.Agents;
using DockMon.Hub.Agents.Admission;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DockMon.Fuzz;

/// <summary>A hub with one registered host, which is not connected, and an address on the loopback interface. It lives as long as the process.</summary>
internal sealed class FuzzedHub
{
    private const string AdminKey = "the-key-of-fuzzed-hubs";

    private static readonly Lazy<FuzzedHub> Only = new(() => StartAsync().Ended());

    private FuzzedHub(WebApplication app, HostRecord host, string token)
    {
        (Services, HostId, AgentToken) = (app.Services, host.Id, token);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        Http.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
        var socket = WebSocket.CreateFromStream(new Pieces(default, 1), new WebSocketCreationOptions { IsServer = true });
        var quota = Services.GetRequiredService<HostQuotas>().Of(host.Id);
        Session = new AgentSession(host, new AgentConnection(socket, ProtocolLimits.ControlFrameBytes), quota, new DeliveryStream(Stream.Null));
    }

    public static FuzzedHub Instance => Only.Value;

    public IServiceProvider Services { get; }

    public HttpClient Http { get; }

    public string HostId { get; }

    /// <summary>The permanent token of its host.</summary>
    public string AgentToken { get; }

    /// <summary>A session of the host that is not in the registry.</summary>
    public AgentSession Session { get; }

    private static async Task<FuzzedHub> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("dockmon-fuzz-hub").FullName;
        var app = await HubApplication.BuildAsync(new HubOptions
        {
            Urls = "http://127.0.0.1:0", DataPath = folder, AdminKey = AdminKey, LogLevel = LogLevel.None,
        });
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        await app.StartAsync();
        var token = await app.Services.GetRequiredService<ITokens>().CreateAsync(maxUses: 1, CancellationToken.None);
        var frame = JsonSerializer.SerializeToUtf8Bytes(
            new RegisterRequest
            {
                Token = token.Token,
                EngineId = "ENGINE:1",
                Hostname = "host",
                Version = "1",
                ProtoVersion = "1.0",
                Capabilities = new Dictionary<string, bool>(),
            },
            ProtocolJson.Default.RegisterRequest);
        var (host, permanent) = await app.Services.GetRequiredService<Registrar>().RegisterAsync(frame, CancellationToken.None);
        return new FuzzedHub(app, host, permanent);
    }
}
