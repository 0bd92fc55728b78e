using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using DockMon.Testing;

namespace DockMon.Demo;

/// <summary>Everything the demo needs: a hub, an agent that has registered with it, and something to see in each room. It leaves nothing behind.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _data = new();

    public Stage()
    {
        var port = FreePort.Next();
        Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        Client = new HubClient(Url, AdminKey);
        Showcase = new Showcase(Docker, Client, Url);
    }

    public DockerCli Docker { get; } = new();

    public string Url { get; }

    public string AdminKey { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public HubClient Client { get; }

    public Showcase Showcase { get; }

    /// <summary>Address at which the first user is made.</summary>
    public string SetUpLink { get; private set; } = "";

    public ProgramProcess? Hub { get; private set; }

    public ProgramProcess? Agent { get; private set; }

    /// <summary>The hub's id of this machine, once it is registered.</summary>
    public string HostId { get; private set; } = "";

    /// <summary>Containers first, then the hub, then the agent with a one-time token, then what takes both.</summary>
    public async Task SetAsync(CancellationToken ct)
    {
        await Task.WhenAll(Showcase.StartContainersAsync(registryNamespace: null, ct), StartHubAsync(ct));
        var line = await Hub!.WaitForLineAsync("Make the first user: ", ct);
        SetUpLink = line[line.IndexOf("http", StringComparison.Ordinal)..];
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
        await Task.WhenAll(Showcase.StartHostsAsync(ct), Showcase.DeployAsync(HostId, ct));
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
            async () => (host = (await Client.GetAsync("/api/hosts", ct)).EnumerateArray().FirstOrDefault(IsReal)).ValueKind == JsonValueKind.Object
                && host.GetProperty("connected").GetBoolean(),
            ct: ct);
        return host;
    }

    private static bool IsReal(JsonElement host) => Showcase.Machines.All(machine => machine.Name != host.GetProperty("hostname").GetString());

    /// <summary>The last lines of both programs, for a failure.</summary>
    public string Tail() => $"--- hub ---\n{Hub?.Tail(15)}\n--- agent ---\n{Agent?.Tail(25)}";

    public async ValueTask DisposeAsync()
    {
        await (Agent?.EndAsync(ShutdownLimit) ?? Task.CompletedTask);
        await (Hub?.EndAsync(ShutdownLimit) ?? Task.CompletedTask);
        await Showcase.DisposeAsync();
        Client.Dispose();
        _data.Dispose();
    }
}
