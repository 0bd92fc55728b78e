using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The image that packaging/hub/Dockerfile makes, started as the documents say.</summary>
public sealed class HubImageTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();

    private readonly string _name = $"dockmon-hub-image-{Guid.NewGuid():N}"[..28];
    private string _image = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _image = Environment.GetEnvironmentVariable("DOCKMON_HUB_IMAGE") ?? "";
        Assert.SkipWhen(_image.Length == 0, "DOCKMON_HUB_IMAGE names no image of the hub; ./test builds one.");
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task It_runs_healthy_without_any_right_and_a_new_container_has_what_the_volume_keeps()
    {
        await StartAsync();
        var status = await File.ReadAllTextAsync($"/proc/{await InspectAsync("{{.State.Pid}}")}/status", Token);
        status.ShouldContain("\nUid:\t64322\t64322\t64322\t64322\n");
        status.ShouldContain("\nGid:\t64322\t64322\t64322\t64322\n");
        status.ShouldContain("\nCapEff:\t0000000000000000\n");
        (await Docker.RunAsync(["exec", _name, "dockmon-hub", "token"], Token)).ShouldNotBeEmpty();

        await Docker.RunAsync(["stop", "--time", "60", _name], Token);
        (await InspectAsync("{{.State.ExitCode}}")).ShouldBe("0");
        await Docker.RunAsync(["rm", _name], Token);
        await StartAsync();
        // A key is shown where there was no database.
        (await Docker.RunAsync(["logs", _name], Token)).ShouldNotContain("admin key", Case.Insensitive);
    }

    [Fact]
    public async Task The_image_says_what_it_is_how_it_is_stopped_and_how_it_is_judged()
    {
        var image = JsonDocument.Parse(await Docker.RunAsync(["image", "inspect", _image], Token)).RootElement[0];
        var config = image.GetProperty("Config");
        Words(config.GetProperty("Entrypoint")).ShouldBe(["/app/dockmon-hub"]);
        Words(config.GetProperty("Healthcheck").GetProperty("Test")).ShouldBe(["CMD", "/app/dockmon-hub", "health"]);
        config.GetProperty("User").GetString().ShouldBe("64322:64322");
        config.GetProperty("Volumes").TryGetProperty("/data", out _).ShouldBeTrue();
        config.GetProperty("Labels").GetProperty("org.opencontainers.image.version").GetString()
            .ShouldBe(await Docker.RunAsync(["run", "--rm", _image, "version"], Token));
        TestContext.Current.SendDiagnosticMessage($"image {image.GetProperty("Size").GetInt64() / 1e6:0.0} MB");
    }

    [Fact]
    public async Task The_documented_compose_file_is_one_and_shows_the_hub_to_this_machine_only()
    {
        var compose = Path.Combine(Repository.Root, "artifacts/tools/compose/docker-compose");
        Assert.SkipUnless(File.Exists(compose), "There is no docker compose here.");
        await using var read = ProgramProcess.Start(
            compose,
            ["-f", Path.Combine(Repository.Root, "packaging/hub/compose.yaml"), "--profile", "agent", "config", "--format", "json"],
            new Dictionary<string, string> { ["POSTGRES_PASSWORD"] = "password1", ["REGISTRATION_TOKEN"] = "t" });
        (await read.WaitForExitAsync(Token)).ShouldBe(0, read.Tail());
        var services = JsonDocument.Parse(string.Join('\n', read.Lines)).RootElement.GetProperty("services");
        services.EnumerateObject().Select(service => service.Name).Order(StringComparer.Ordinal).ShouldBe(["dockmon-agent", "dockmon-hub", "postgres"]);
        services.GetProperty("dockmon-hub").GetProperty("ports")[0].GetProperty("host_ip").GetString().ShouldBe("127.0.0.1");
        services.GetProperty("dockmon-hub").GetProperty("environment").GetProperty("HUB_DATABASE").GetString()
            .ShouldBe("postgres://dockmon:password1@postgres:5432/dockmon?sslmode=disable");
    }

    public async ValueTask DisposeAsync()
    {
        await Docker.TryRunAsync(["rm", "-f", "-v", _name], CancellationToken.None);
        await Docker.TryRunAsync(["volume", "rm", _name], CancellationToken.None);
    }

    private static string?[] Words(JsonElement list) => [.. list.EnumerateArray().Select(word => word.GetString())];

    private async Task StartAsync()
    {
        const string Options = "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --health-interval 1s";
        await Docker.RunAsync(["run", "-d", "--name", _name, "-v", $"{_name}:/data", .. Options.Split(' '), _image], Token);
        await Retry.UntilAsync("it is healthy", async () => await InspectAsync("{{.State.Health.Status}}") == "healthy", ct: Token);
    }

    private Task<string> InspectAsync(string format) => Docker.RunAsync(["inspect", "--format", format, _name], Token);
}
