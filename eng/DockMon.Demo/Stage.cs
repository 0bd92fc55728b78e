using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using DockMon.Testing;

namespace DockMon.Demo;

/// <summary>Everything the demo needs: a hub, an agent that has registered with it, and three containers. It leaves nothing behind.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public const string Label = "dockmon.demo";
    public const string Web = "dockmon-demo-web";
    public const string Worker = "dockmon-demo-worker";
    public const string Ticker = "dockmon-demo-ticker";

    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _data = new();
    private readonly TestContainers _containers;

    public Stage()
    {
        var port = FreePort.Next();
        Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        _containers = new TestContainers(Docker, "dockmon-demo");
        Client = new HubClient(Url, AdminKey);
    }

    public DockerCli Docker { get; } = new();

    public string Url { get; }

    public string AdminKey { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public HubClient Client { get; }

    public ProgramProcess? Hub { get; private set; }

    public ProgramProcess? Agent { get; private set; }

    /// <summary>The hub's id of this machine, once it is registered.</summary>
    public string HostId { get; private set; } = "";

    /// <summary>Containers first, then the hub, then the agent with a one-time token.</summary>
    public async Task SetAsync(CancellationToken ct)
    {
        await RunContainerAsync(Web, "mkdir -p /tmp/www; echo hello >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www", ct);
        await RunContainerAsync(Worker, "while true; do i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; sleep 0.3; done", ct);
        await RunContainerAsync(Ticker, "n=0; while true; do n=$((n+1)); echo \"tick $n\"; sleep 1; done", ct);
        await StartHubAsync(ct);
        var token = (await Client.PostAsync("/api/tokens", """{"max_uses":1}""", ct)).GetProperty("token").GetString()!;
        Agent = AgentProcess.Start(new Dictionary<string, string>
        {
            ["DOCKMON_URL"] = Url.Replace("http://", "ws://", StringComparison.Ordinal),
            ["REGISTRATION_TOKEN"] = token,
            ["DATA_PATH"] = Directory.CreateDirectory(Path.Combine(_data.Path, "agent")).FullName,
            ["LOG_JSON"] = "false",
            // Somebody is watching: a hub that is back shall be found within seconds.
            ["RECONNECT_MAX"] = "3s",
        });
        HostId = (await WaitForHostAsync(ct)).GetProperty("id").GetString()!;
    }

    public async Task StartHubAsync(CancellationToken ct)
    {
        Hub = HubProcess.Start(new Dictionary<string, string>
        {
            ["HUB_URLS"] = Url,
            ["HUB_DATA"] = Path.Combine(_data.Path, "hub"),
            ["HUB_ADMIN_KEY"] = AdminKey,
        });
        await Retry.UntilAsync("the hub answers", async () => (await Client.GetAsync("/health", ct)).ValueKind == JsonValueKind.Object, ct: ct);
    }

    public async Task StopHubAsync(CancellationToken ct)
    {
        Hub!.Terminate();
        await Hub.WaitForExitAsync(ct, ShutdownLimit);
        await Hub.DisposeAsync();
    }

    /// <summary>Waits until the hub says that the agent is connected.</summary>
    public async Task<JsonElement> WaitForHostAsync(CancellationToken ct)
    {
        JsonElement host = default;
        await Retry.UntilAsync(
            "the agent is connected",
            async () => (host = (await Client.GetAsync("/api/hosts", ct)).EnumerateArray().FirstOrDefault()).ValueKind == JsonValueKind.Object
                && host.GetProperty("connected").GetBoolean(),
            ct: ct);
        return host;
    }

    /// <summary>The last lines of both programs, for a failure.</summary>
    public string Tail() => $"--- hub ---\n{Hub?.Tail(15)}\n--- agent ---\n{Agent?.Tail(25)}";

    public async ValueTask DisposeAsync()
    {
        await (Agent?.EndAsync(ShutdownLimit) ?? Task.CompletedTask);
        await (Hub?.EndAsync(ShutdownLimit) ?? Task.CompletedTask);
        await _containers.DisposeAsync();
        Client.Dispose();
        _data.Dispose();
    }

    private async Task RunContainerAsync(string name, string script, CancellationToken ct)
    {
        // One that an interrupted demo left behind.
        await Docker.TryRunAsync(["rm", "-f", "-v", name], ct);
        await _containers.RunAsync(["sh", "-c", script], ct, ["--label", Label], name);
    }
}
