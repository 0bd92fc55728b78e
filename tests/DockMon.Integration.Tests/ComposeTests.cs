using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class ComposeTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();
    private ComposeFixture _compose = null!; // stays null when there is no compose

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _compose = await ComposeFixture.StartAsync(Token);

    public ValueTask DisposeAsync() => _compose?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_project_goes_up_restarts_and_goes_down_with_all_it_had()
    {
        var file = $$$"""
            services:
              web:
            {{{Service("sleep 3600")}}}
                environment: {WHO: "${WHO}"}
                env_file: [web.env]
                volumes: ["data:/data", "./conf:/conf"]
                labels: {dollar: "$$WHO"}
            volumes: {data: {}}
            """;
        var (stages, end) = await _compose.DeployAsync(
            "up",
            file,
            Token,
            new() { ["env_files"] = new JsonObject { [".env"] = "WHO=me\n", ["web.env"] = "EXTRA=yes\n" } });
        end.GetProperty("success").GetBoolean().ShouldBeTrue(end.ToString());
        stages.ShouldContain("creating_volumes");
        (stages[0], stages[1], stages[^1]).ShouldBe(("validating", "parsing", "completed"));
        var web = end.GetProperty("services").GetProperty("web");
        web.GetProperty("status").GetString()!.ShouldStartWith("Up ");
        web.GetProperty("restart_policy").GetString().ShouldBe("no");
        var id = web.GetProperty("container_id").GetString()!;
        id.Length.ShouldBe(12);
        var inspect = await Docker.RunAsync(
            ["inspect", "--format", "{{json .Config.Env}} {{json .HostConfig.Binds}} {{.Config.Labels.dollar}} {{.State.StartedAt}}", id],
            Token);
        inspect.ShouldContain("WHO=me");
        inspect.ShouldContain("EXTRA=yes");
        inspect.ShouldContain(" $WHO ");
        inspect.ShouldContain(Path.Combine(_compose.Stack, "conf") + ":/conf");
        File.GetUnixFileMode(Path.Combine(_compose.Stack, "web.env")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        // What its containers make of its directory is nothing to the agent: it goes by what it accepted.
        await File.WriteAllTextAsync(Path.Combine(_compose.Stack, "docker-compose.yml"), "services: {evil: {image: none}}", Token);
        (await _compose.DeployAsync("restart", null, Token)).End
            .GetProperty("services")
            .GetProperty("web")
            .GetProperty("container_id")
            .GetString()
            .ShouldBe(id);
        (await Docker.RunAsync(["inspect", "--format", "{{.State.StartedAt}}", id], Token)).ShouldNotBe(inspect.Split(' ')[^1]);

        (await _compose.DeployAsync("down", null, Token, new() { ["remove_volumes"] = true })).End.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await _compose.ContainersAsync(Token)).ShouldBeEmpty();
        (await Docker.RunAsync(["volume", "ls", "-q", "--filter", $"label=com.docker.compose.project={_compose.Project}"], Token)).ShouldBeEmpty();
        Directory.Exists(_compose.Stack).ShouldBeFalse();
    }

    [Fact]
    public async Task What_depends_on_health_starts_after_it_and_one_shots_count_as_done()
    {
        var file = $$$"""
            services:
              db:
            {{{Service("sleep 3600")}}}
                healthcheck: {test: "true", interval: 1s}
              migrate:
            {{{Service("sh -c 'exit 0'")}}}
                depends_on: {db: {condition: service_healthy}}
            """;
        var (stages, end) = await _compose.DeployAsync("up", file, Token, new() { ["wait_for_healthy"] = true });
        end.GetProperty("success").GetBoolean().ShouldBeTrue(end.ToString());
        stages.ShouldContain("health_check");
        (await _compose.ContainersAsync(Token)).ShouldBe(["db running", "migrate exited"]);
    }

    [Fact]
    public async Task One_service_that_fails_makes_a_partial_success_that_stays()
    {
        var (stages, end) = await _compose.DeployAsync("up", $"services:\n  good:\n{Service("sleep 3600")}\n  bad:\n{Service("sh -c 'exit 3'")}\n", Token);
        end.GetProperty("success").GetBoolean().ShouldBeFalse();
        end.GetProperty("partial_success").GetBoolean().ShouldBeTrue();
        Names(end, "failed_services").ShouldBe(["bad"]);
        end.GetProperty("error").GetString()!.ShouldEndWith("not running: bad (exited with 3)");
        stages[^1].ShouldBe("failed");
        (await _compose.ContainersAsync(Token)).ShouldBe(["bad exited", "good running"]);
    }

    [Fact]
    public async Task A_first_up_that_fails_is_taken_down_and_a_later_one_leaves_what_ran()
    {
        var good = $"services:\n  good:\n{Service("sleep 3600")}\n";
        var broken = good + $"  bad:\n{Service("sleep 3600")}\n    networks: [far]\nnetworks: {{far: {{external: true, name: dockmon-compose-nowhere}}}}\n";
        var (_, end) = await _compose.DeployAsync("up", broken, Token);
        end.GetProperty("success").GetBoolean().ShouldBeFalse();
        end.GetProperty("error").GetString()!.ShouldContain("dockmon-compose-nowhere");
        (await _compose.ContainersAsync(Token)).ShouldBeEmpty();

        (await _compose.DeployAsync("up", good, Token)).End.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await _compose.DeployAsync("up", broken, Token)).End.GetProperty("success").GetBoolean().ShouldBeFalse();
        (await _compose.ContainersAsync(Token)).ShouldBe(["good running"]);

        (await _compose.DeployAsync("up", "services: [nonsense", Token)).End.GetProperty("error").GetString()!.ShouldContain("validate the compose file");
        (await _compose.ContainersAsync(Token)).ShouldBe(["good running"]);
    }

    [Fact]
    public async Task Profiles_choose_services_and_all_replicas_are_reported()
    {
        var file = $"services:\n  web:\n{Service("sleep 3600")}\n    deploy: {{replicas: 3}}\n  debug:\n{Service("sleep 3600")}\n    profiles: [debug]\n";
        Services((await _compose.DeployAsync("up", file, Token)).End).ShouldBe(["web", "web-2", "web-3"]);
        Services((await _compose.DeployAsync("up", file, Token, new() { ["profiles"] = new JsonArray("debug") })).End).ShouldBe([
            "debug",
            "web",
            "web-2",
            "web-3"
        ]);
        (await _compose.DeployAsync("down", file, Token)).End.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await _compose.ContainersAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_deployment_goes_on_without_the_link_and_its_end_is_told_afterwards()
    {
        // Longer than one line of output in a pipe would be: nothing waits for a reader that is not there.
        var services = string.Concat(Enumerable.Range(0, 300).Select(i => $"  off{i}:\n{Service("sh -c 'exit 0'")}\n    profiles: [never]\n"));
        var deploying = _compose.DeployAsync("up", $"services:\n  web:\n{Service("sleep 3600")}\n{services}", Token);
        await Retry.UntilAsync("the container runs", async () => (await _compose.ContainersAsync(Token)).Length == 1, TimeSpan.FromMinutes(2), Token);
        _compose.Installation.Link.CutAll();
        await _compose.Installation.WaitForAgentAsync(Token);
        var (_, end) = await deploying;
        end.GetProperty("success").GetBoolean().ShouldBeTrue(end.ToString());
        Services(end).ShouldBe(["web"]);
    }

    [Fact]
    public async Task A_deployment_whose_agent_is_killed_is_told_of_after_the_next_start()
    {
        var file = $$$"""
            services:
              db:
            {{{Service("sleep 3600")}}}
                healthcheck: {test: "false", interval: 1s, retries: 300, start_period: 300s}
              web:
            {{{Service("sleep 3600")}}}
                depends_on: {db: {condition: service_healthy}}
            """;
        var deploying = _compose.DeployAsync("up", file, Token);
        await Retry.UntilAsync(
            "compose waits for the first container",
            async () => (await _compose.ContainersAsync(Token)).Contains("db running"),
            TimeSpan.FromMinutes(2),
            Token);
        _compose.Installation.Agent.Kill();
        await _compose.Installation.WaitForAgentAsync(Token, connected: false);
        _compose.Installation.StartAgent();
        var (_, end) = await deploying;
        end.GetProperty("success").GetBoolean().ShouldBeFalse();
        end.GetProperty("error").GetString()!.ShouldContain("interrupted: the agent ended in the middle of it; there is: db (Up ");
        await _compose.Installation.WaitForAgentAsync(Token);
        (await _compose.DeployAsync("down", null, Token)).End.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await _compose.ContainersAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Images_come_from_a_registry_that_wants_a_password()
    {
        await using var registry = await LocalRegistry.StartAsync(Token, wantsPassword: true);
        var image = await registry.PublishAsync(Docker, "private:1", ["CMD [\"sleep\",\"3600\"]"], Token);
        await Docker.RunAsync(["rmi", image], Token);
        var file = $"services:\n  web:\n    image: {image}\n    init: true\n    stop_grace_period: 1s\n";
        (await _compose.DeployAsync("up", file, Token)).End.GetProperty("success").GetBoolean().ShouldBeFalse();
        var credentials = new JsonArray(new JsonObject
        {
            ["registry_url"] = registry.Address,
            ["username"] = LocalRegistry.User,
            ["password"] = LocalRegistry.Password
        });
        var (_, end) = await _compose.DeployAsync("up", file, Token, new() { ["pull_images"] = true, ["registry_credentials"] = credentials });
        end.GetProperty("success").GetBoolean().ShouldBeTrue(end.ToString());
        string.Join('\n', _compose.Installation.Agent.Lines).ShouldNotContain(LocalRegistry.Password);
        await _compose.DeployAsync("down", null, Token);
        await Docker.TryRunAsync(["rmi", image], Token);
    }

    [Theory]
    [InlineData("""{"deployment_id":"1","project_name":"../etc","action":"up","compose_content":"x"}""", "is not one")]
    [InlineData("""{"deployment_id":"1","project_name":"a","action":"up"}""", "compose_content is missing")]
    [InlineData("""{"deployment_id":"1","project_name":"a","action":"up","compose_content":"x","env_files":{"../x":""}}""", "not a plain file name")]
    public async Task A_request_that_cannot_be_done_is_refused_at_once(string payload, string words) =>
        (await Should.ThrowAsync<OperationFailedException>(() => _compose.Installation.CommandAsync(
            "deploy_compose",
            Token,
            JsonNode.Parse(payload)!.AsObject()))).Message.ShouldContain(words);

    private static string Service(string command) => $"    image: {TestImage.Name}\n    init: true\n    stop_grace_period: 1s\n    command: {command}";

    private static string[] Services(JsonElement end) =>
        [.. end.GetProperty("services").EnumerateObject().Select(service => service.Name).Order(StringComparer.Ordinal)];

    private static string[] Names(JsonElement end, string list) => [.. end.GetProperty(list).EnumerateArray().Select(name => name.GetString()!)];
}
