using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The image that packaging/hub/Dockerfile makes, started as the documents say.</summary>
public sealed class HubImageTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();

    private readonly string _name = $"dockmon-hub-image-{Guid.NewGuid():N}"[..28];
    private readonly int _port = FreePort.Next();
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
    public async Task The_first_user_is_made_and_signs_in_from_this_machine()
    {
        await StartAsync();
        const string Link = "/setup?token=";
        var log = await Docker.RunAsync(["logs", _name], Token);
        var token = log[(log.IndexOf(Link, StringComparison.Ordinal) + Link.Length)..][..32];
        using var browser = HubAddressTests.Client(_port);
        var user = new JsonObject { ["token"] = token, ["name"] = "anna", ["password"] = "a long password 1" };
        using var made = await browser.PostAsJsonAsync("/api/setup", user, Token);
        made.StatusCode.ShouldBe(HttpStatusCode.NoContent, await made.Content.ReadAsStringAsync(Token));
        user.Remove("token");
        using var signedIn = await browser.PostAsJsonAsync("/api/login", user, Token);
        signedIn.StatusCode.ShouldBe(HttpStatusCode.NoContent, await signedIn.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task What_a_build_of_the_image_is_sent_has_the_sources_of_the_page_and_nothing_that_was_made_of_them()
    {
        using var folder = new TemporaryFolder();
        var dockerfile = folder.Write("Dockerfile", $"FROM {TestImage.Name}\nCOPY . /context\n");
        await Docker.RunAsync(["build", "-q", "-f", dockerfile, "-t", _name, Repository.Root], Token);
        try
        {
            (await Docker.RunAsync(["run", "--rm", _name, "ls", "/context/web"], Token)).Split('\n').ShouldBe(
                ["build.mjs", "package-lock.json", "package.json", "src", "test", "test.mjs", "tsconfig.json"]);
        }
        finally
        {
            await Docker.TryRunAsync(["rmi", "-f", _name], CancellationToken.None);
        }
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
        var environment = services.GetProperty("dockmon-hub").GetProperty("environment");
        environment.GetProperty("HUB_DATABASE").GetString().ShouldBe("postgres://dockmon:password1@postgres:5432/dockmon?sslmode=disable");
        environment.GetProperty("HUB_TLS").GetString().ShouldBe("self-signed");
    }

    public async ValueTask DisposeAsync()
    {
        await Docker.TryRunAsync(["rm", "-f", "-v", _name], CancellationToken.None);
        await Docker.TryRunAsync(["volume", "rm", _name], CancellationToken.None);
    }

    private static string?[] Words(JsonElement list) => [.. list.EnumerateArray().Select(word => word.GetString())];

    private async Task StartAsync()
    {
        string[] own = ["--name", _name, "-v", $"{_name}:/data", "-p", $"127.0.0.1:{_port}:8090", "--health-interval", "1s"];
        await Docker.RunAsync(["run", "-d", .. own, .. Documented(), _image], Token);
        await Retry.UntilAsync("it is healthy", async () => await InspectAsync("{{.State.Health.Status}}") == "healthy", ct: Token);
    }

    /// <summary>The options of <c>docker run</c> in docs/installation.md, without those of which each container has its own.</summary>
    private static IEnumerable<string> Documented()
    {
        string[] own = ["--name", "--restart", "-p", "-v"];
        return File.ReadLines(Path.Combine(Repository.Root, "docs", "installation.md"))
            .SkipWhile(line => line != "## The hub").SkipWhile(line => !line.Contains("docker run -d", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line.EndsWith('\\')).Select(line => line.Trim(' ', '\\').Split(' ')).Where(words => !own.Contains(words[0]))
            .SelectMany(words => words).Select(word => word.Trim('\''));
    }

    private Task<string> InspectAsync(string format) => Docker.RunAsync(["inspect", "--format", format, _name], Token);
}
