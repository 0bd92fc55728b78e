using System.Text.Json;

namespace DockMon.Testing;

/// <summary>
/// Something to see in every room of the page: containers of each kind on an engine, a compose stack, and hosts that are simulated, as their names say. It is
/// what the demo shows, and what the pictures of the documentation are of.
/// </summary>
/// <param name="docker">The engine that its containers are on.</param>
/// <param name="hub">The hub.</param>
/// <param name="address">Address of the hub.</param>
public sealed class Showcase(DockerCli docker, HubClient hub, string address) : IAsyncDisposable
{
    /// <summary>A label of all that it makes on the engine.</summary>
    public const string Label = "dockmon.demo";

    /// <summary>A healthy web server.</summary>
    public const string Web = "demo-web";

    /// <summary>A container that computes.</summary>
    public const string Worker = "demo-worker";

    /// <summary>One that writes a log with levels and colours.</summary>
    public const string Api = "demo-api";

    /// <summary>One whose health check fails.</summary>
    public const string Database = "demo-database";

    /// <summary>One that ends, and is started again, and ends.</summary>
    public const string Mailer = "demo-mailer";

    /// <summary>One for whose image the registry has a newer one.</summary>
    public const string Notes = "demo-notes";

    /// <summary>A compose stack.</summary>
    public const string Stack = "demo-shop";

    /// <summary>The stack's compose file.</summary>
    public static readonly string ComposeFile = $"""
        # The demo's shop: it sells nothing.
        x-service: &service
          image: {TestImage.Name}
          init: true
          labels: [{Label}]
          command: sleep infinity
        services:
          front:
            <<: *service
            command: httpd -f -p 80 -h /etc
            depends_on: [catalog, basket]
          catalog:
            <<: *service
            volumes: [catalog:/data]
          basket:
            <<: *service
            environment:
              CURRENCY: $CURRENCY
        volumes:
          catalog:
            labels: [{Label}]
        networks:
          default:
            labels: [{Label}]

        """;

    /// <summary>The simulated hosts; the last one is offline.</summary>
    public static readonly IReadOnlyList<SimulatedMachine> Machines =
    [
        new("nas.simulated", "Debian GNU/Linux 13 (trixie)", "28.5.1", 4, 16, Cpu: 12, Memory: 61, Disk: 93,
            new("photos", "ghcr.io/immich-app/immich-server:v2.2.0", 14, 812, "photos", Status: "Up 2 hours (healthy)"),
            new("photos-db", "postgres:17", 3, 244, "photos", Status: "Up 2 hours (healthy)"),
            new("jellyfin", "jellyfin/jellyfin:10.11", 9, 520),
            new("syncthing", "syncthing/syncthing:2", 2, 96),
            new("backup", "restic/restic:0.18", State: "exited", Status: "Exited (0) 3 hours ago")),
        new("web-1.simulated", "Ubuntu 24.04.3 LTS", "28.5.1", 8, 32, Cpu: 34, Memory: 48, Disk: 41,
            new("traefik", "traefik:v3.5", 4, 88, "edge"),
            new("shop", "registry.example.org/shop/web:4.12.0", 48, 655, "shop", Status: "Up 2 hours (healthy)"),
            new("shop-worker", "registry.example.org/shop/worker:4.12.0", 61, 410, "shop"),
            new("shop-cache", "valkey/valkey:8", 2, 74, "shop", Status: "Up 2 hours (healthy)")),
        new("web-2.simulated", "Ubuntu 24.04.3 LTS", "28.5.1", 8, 32, Cpu: 29, Memory: 44, Disk: 39,
            new("traefik", "traefik:v3.5", 4, 85, "edge"),
            new("shop", "registry.example.org/shop/web:4.12.0", 43, 631, "shop", Status: "Up 2 hours (healthy)"),
            new("shop-worker", "registry.example.org/shop/worker:4.12.0", 55, 402, "shop")),
        new("metrics.simulated", "Fedora Linux 43", "29.0.0", 4, 8, Cpu: 21, Memory: 72, Disk: 66,
            new("prometheus", "prom/prometheus:v3.7.1", 17, 1290, "metrics"),
            new("grafana", "grafana/grafana:12.2", 6, 310, "metrics"),
            new("loki", "grafana/loki:3.5", 11, 480, "metrics", Status: "Up 2 hours (unhealthy)")),
        new("attic-pi.simulated", "Debian GNU/Linux 12 (bookworm)", "20.10.24", 4, 4, Cpu: 6, Memory: 37, Disk: 58,
            new("pihole", "pihole/pihole:2025.10", 3, 120), new("zigbee2mqtt", "koenkk/zigbee2mqtt:2", 2, 90)),
    ];

    private const string ApiScript = """
        n=0
        while true; do n=$((n+1)); t=$(date -u +%Y-%m-%dT%H:%M:%SZ)
          printf "$t \033[32mINFO\033[0m  GET /api/orders/$((1000+n)) 200 $((n*7%40+3)) ms\n"
          [ $((n%3)) -ne 0 ] || printf "$t \033[36mDEBUG\033[0m cache hit for customer $((n*13%97))\n"
          [ $((n%7)) -ne 0 ] || printf "$t \033[33mWARN\033[0m  slow answer of demo-database: $((n*31%900+600)) ms\n"
          [ $((n%15)) -ne 0 ] || printf "$t \033[31mERROR\033[0m demo-database: connection refused, next try in 2 s\n" >&2
          sleep 0.5
        done
        """;

    private readonly List<SimulatedHost> _hosts = [];
    private LocalRegistry? _registry;

    /// <summary>The image that an update waits for; null where there is no registry to take it from.</summary>
    public string? Updatable { get; private set; }

    /// <summary>Starts the containers. What an interrupted demo left behind is removed first.</summary>
    /// <param name="registryNamespace">A process in whose network namespace the engine is; null for this machine's own.</param>
    /// <param name="ct">Ends the wait.</param>
    public async Task StartContainersAsync(int? registryNamespace, CancellationToken ct)
    {
        await RemoveAsync();
        await Task.WhenAll(
            RunAsync(Web, "mkdir -p /tmp/www; echo hello >/tmp/www/index.html; exec httpd -f -p 80 -h /tmp/www", ct,
                "--publish", "127.0.0.1::80", "--health-cmd", "wget -q -O /dev/null http://127.0.0.1/", "--health-interval", "2s"),
            RunAsync(Worker, "while true; do i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; sleep 0.3; done", ct),
            RunAsync(Api, ApiScript, ct),
            RunAsync(Database, "echo 'FATAL could not open file \"pg_wal\": No space left on device'; exec sleep infinity", ct,
                "--health-cmd", "exit 1", "--health-interval", "1s", "--health-retries", "2"),
            RunAsync(Mailer, "echo 'connecting to smtp.example.org:587'; echo 'ERROR connection refused' >&2; exit 1", ct, "--restart", "always"),
            StartUpdatableAsync(registryNamespace, ct));
    }

    /// <summary>Connects the simulated hosts; the last one leaves again.</summary>
    public async Task StartHostsAsync(CancellationToken ct)
    {
        var tokens = (await hub.PostAsync("/api/tokens", $$"""{"max_uses":{{Machines.Count}}}""", ct)).GetProperty("token").GetString()!;
        _hosts.AddRange(await Task.WhenAll(Machines.Select(machine => SimulatedHost.StartAsync(new Uri(address), tokens, machine, ct))));
        foreach (var host in _hosts)
        {
            await hub.PutAsync($"/api/hosts/{host.HostId}/tags", """{"tags":["simulated"]}""", ct);
        }

        await _hosts[^1].DisposeAsync();
    }

    /// <summary>What takes the hub's help: the stack, where the agent has found Docker's compose, and the look for newer images.</summary>
    public async Task DeployAsync(string hostId, CancellationToken ct)
    {
        if (await HasComposeAsync(hostId, ct))
        {
            var body = $$"""{"compose":"{{JsonEncodedText.Encode(ComposeFile)}}","env":"CURRENCY=EUR\n"}""";
            var operation = (await hub.PutAsync($"/api/hosts/{hostId}/stacks/{Stack}", body, ct)).GetProperty("id").GetString();
            var ended = default(JsonElement);
            await Retry.UntilAsync(
                "the stack is deployed",
                async () => (ended = await hub.GetAsync($"/api/operations/{operation}", ct)).GetProperty("state").GetString() != "running",
                ct: ct);
            if (ended.GetProperty("state").GetString() != "succeeded")
            {
                throw new InvalidOperationException($"the stack was not deployed: {ended.GetProperty("error").GetString()}");
            }
        }

        if (Updatable is not null)
        {
            await hub.PostAsync($"/api/hosts/{hostId}/images/check", $$"""{"images":["{{Updatable}}"]}""", ct);
        }
    }

    /// <summary>Whether an agent has found Docker's compose.</summary>
    public async Task<bool> HasComposeAsync(string hostId, CancellationToken ct) =>
        (await hub.GetAsync($"/api/hosts/{hostId}", ct))
            .GetProperty("registration").GetProperty("capabilities").GetProperty("compose_deployments").GetBoolean();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await RemoveAsync();
        await (_registry?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private async Task RunAsync(string name, string script, CancellationToken ct, params string[] options) =>
        await docker.RunAsync(["run", "-d", "--init", "--name", name, "--label", Label, .. options, TestImage.Name, "sh", "-c", script], ct);

    /// <summary>The container has an image whose tag means another one in the registry by now.</summary>
    private async Task StartUpdatableAsync(int? registryNamespace, CancellationToken ct)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "docker-registry"))))
        {
            return;
        }

        _registry = await LocalRegistry.StartAsync(ct, namespaceId: registryNamespace);
        Updatable = await PublishAsync(_registry, 1, ct);
        await docker.RunAsync(["run", "-d", "--init", "--name", Notes, "--label", Label, Updatable], ct);
        await PublishAsync(_registry, 2, ct);
        // The present one has the tag again, as after a pull of some time ago.
        await docker.RunAsync(["tag", await docker.RunAsync(["inspect", "-f", "{{.Image}}", Notes], ct), Updatable], ct);
    }

    private Task<string> PublishAsync(LocalRegistry registry, int version, CancellationToken ct) => registry.PublishAsync(
        docker,
        "demo/notes:stable",
        ["CMD [\"sleep\",\"infinity\"]", $"ENV VERSION={version}", $"LABEL org.opencontainers.image.version=1.{version}.0", $"LABEL {Label}=\"\""],
        ct);

    /// <summary>Removes all that has the label: what an interrupted demo left behind, too.</summary>
    private async Task RemoveAsync()
    {
        await RemoveAsync(["ps", "-aq"], ["rm", "-f", "-v"]);
        await RemoveAsync(["network", "ls", "-q"], ["network", "rm"]);
        await RemoveAsync(["volume", "ls", "-q"], ["volume", "rm"]);
        await RemoveAsync(["images", "-q"], ["rmi", "-f"]);
    }

    private async Task RemoveAsync(string[] list, string[] remove)
    {
        var left = (await docker.TryRunAsync([.. list, "--filter", "label=" + Label], CancellationToken.None)).Output;
        if (left.Length > 0)
        {
            await docker.TryRunAsync([.. remove, .. left.Split('\n').Distinct()], CancellationToken.None);
        }
    }
}
