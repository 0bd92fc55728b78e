using System.Net.Http.Json;
using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Two agents measure the same containers, one by the kernel and one by the engine.</summary>
public sealed class StatsAgreementTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();
    private readonly TestContainers _containers = new(Docker, "dockmon-it");
    private readonly string _network = $"dockmon-it-{Guid.NewGuid():N}"[..22];
    private CountingSocket _engine = null!;
    private Installation _byKernel = null!;
    private Installation _byEngine = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _engine = new CountingSocket(Environment.GetEnvironmentVariable("DOCKER_HOST") is { } host && host.StartsWith("unix://", StringComparison.Ordinal)
            ? host["unix://".Length..]
            : "/var/run/docker.sock");
        await Docker.RunAsync(["network", "create", "--internal", _network], Token);
        _byKernel = await Installation.StartAsync(Token, _engine.Host, new Dictionary<string, string> { ["STATS_SOURCE"] = "kernel" });
        _byEngine = await Installation.StartAsync(Token, environment: new Dictionary<string, string> { ["STATS_SOURCE"] = "engine" });
    }

    public async ValueTask DisposeAsync()
    {
        await _containers.DisposeAsync();
        await _byKernel.DisposeAsync();
        await _byEngine.DisposeAsync();
        await _engine.DisposeAsync();
        await Docker.TryRunAsync(["network", "rm", _network], CancellationToken.None);
    }

    [Fact]
    public async Task A_loop_with_a_limit_uses_the_same_share_of_the_processors()
    {
        var id = await _containers.RunAsync(["sh", "-c", "while true; do :; done"], Token, ["--cpus", "0.4"]);

        // They look at different moments, and the machine may have other work: so for some moment, not for each.
        await AgreeAsync(id, "share of the processors", (kernel, engine) =>
        {
            var (one, other) = (kernel.GetProperty("cpu_percent").GetDouble(), engine.GetProperty("cpu_percent").GetDouble());
            return one > 5 && Math.Abs(one - other) <= Math.Max(2, 0.15 * other);
        });
    }

    [Fact]
    public async Task Memory_and_its_limit_are_the_same()
    {
        // Its own: shared memory is no part of the working set with the second version of control groups.
        var id = await _containers.RunAsync(
            ["awk", "BEGIN { s = \"x\"; while (length(s) < 16000000) s = s s; system(\"sleep 3600\") }"],
            Token,
            ["--memory", "100m"]);
        var free = await _containers.RunAsync([], Token);
        await AgreeAsync(id, "memory", (kernel, engine) => Number(kernel, "memory_usage") > 16_000_000
            && IsNear(kernel, engine, "memory_usage")
            && IsEqual(kernel, engine, "memory_limit"));
        (await SampleAsync(_byKernel, id))!.Value.GetProperty("memory_limit").GetInt64().ShouldBe(100 << 20);
        await AgreeAsync(free, "memory without a limit", (kernel, engine) => IsNear(kernel, engine, "memory_usage")
            && Number(kernel, "memory_limit") > 100 << 20
            && IsEqual(kernel, engine, "memory_limit"));
    }

    [Fact]
    public async Task Bytes_over_the_network_are_the_same_to_the_last_with_one_that_shares_it_too()
    {
        var server = await _containers.RunAsync(
            ["sh", "-c", "dd if=/dev/zero of=/dev/shm/f bs=64k count=64; httpd -f -p 80 -h /dev/shm"],
            Token,
            ["--network", _network]);
        var guest = await _containers.RunAsync([], Token, ["--network", "container:" + server]);
        var client = await _containers.RunAsync([], Token, ["--network", _network]);
        var onHost = await _containers.RunAsync([], Token, ["--network", "host"]);
        var address = await Docker.RunAsync(["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", server], Token);
        await Retry.UntilAsync(
            "the file was fetched",
            async () => (await Docker.TryRunAsync(["exec", client, "wget", "-q", "-O", "/dev/null", $"http://{address}/f"], Token)).ExitCode == 0,
            ct: Token);
        foreach (var (id, counter) in new[] { (server, "network_tx"), (guest, "network_tx"), (client, "network_rx") })
        {
            await AgreeAsync(
                id,
                counter,
                (kernel, engine) => Number(kernel, counter) > 4 << 20 && IsEqual(kernel, engine, "network_rx") && IsEqual(kernel, engine, "network_tx"));
        }

        await AgreeAsync(onHost, "none of the host's bytes", (kernel, engine) => Number(kernel, "network_rx") == 0 && IsEqual(kernel, engine, "network_rx"));
    }

    [Fact]
    public async Task Bytes_to_the_disk_are_the_same_and_the_kernel_is_read_without_the_engine()
    {
        // Some kernels count none where no limit is set; then neither source has any.
        var id = await _containers.RunAsync(["sh", "-c", "dd if=/dev/zero of=/f bs=64k count=64 conv=fsync; touch /done; sleep 3600"], Token);
        await Retry.UntilAsync(
            "the data are on the disk",
            async () => (await Docker.TryRunAsync(["exec", id, "test", "-e", "/done"], Token)).ExitCode == 0,
            ct: Token);
        await AgreeAsync(id, "bytes to the disk", (kernel, engine) => IsEqual(kernel, engine, "disk_write") && IsEqual(kernel, engine, "disk_read"));
        _engine.Requests.ShouldNotContain(line => line.Contains("/stats", StringComparison.Ordinal));

        // Once for its figures, and once for each list that the hub asked for.
        var lists = _engine.Requests.Count(line => line.Contains("/containers/json?all=", StringComparison.Ordinal));
        _engine.Requests.Count(line => line.Contains($"/containers/{id}/json", StringComparison.Ordinal)).ShouldBeInRange(1, 1 + lists);
    }

    private async Task AgreeAsync(string id, string what, Func<JsonElement, JsonElement, bool> condition)
    {
        var last = "no samples";
        try
        {
            await Retry.UntilAsync(
                $"both tell the same {what}",
                async () =>
                {
                    var (kernel, engine) = (await SampleAsync(_byKernel, id), await SampleAsync(_byEngine, id));
                    last = $"kernel {kernel}, engine {engine}";
                    return kernel is not null && engine is not null && condition(kernel.Value, engine.Value);
                },
                TimeSpan.FromSeconds(120),
                Token);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} {last}{Environment.NewLine}{_byKernel.Agent.Tail()}{Environment.NewLine}{_byEngine.Agent.Tail()}", e);
        }
    }

    private static long Number(JsonElement sample, string name) => sample.GetProperty(name).GetInt64();

    private static bool IsEqual(JsonElement one, JsonElement other, string name) => Number(one, name) == Number(other, name);

    private static bool IsNear(JsonElement one, JsonElement other, string name) =>
        Math.Abs(Number(one, name) - Number(other, name)) <= 0.02 * Number(other, name);

    private static async Task<JsonElement?> SampleAsync(Installation installation, string id)
    {
        var stats = await installation.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{installation.HostId}/stats", Token);
        return stats.GetProperty("containers").TryGetProperty(id, out var sample) ? sample : null;
    }
}
