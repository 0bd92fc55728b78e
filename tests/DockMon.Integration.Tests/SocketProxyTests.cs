using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>
/// The agent behind a filtering proxy, with the rules of each mode. It has no policy here: what is refused, the proxy refuses. What it lets through is all
/// that the mode's actions need.
/// </summary>
public sealed class SocketProxyTests : IAsyncLifetime
{
    private const string ByProxy = "the socket proxy does not allow";

    private static readonly DockerCli Docker = new();
    private readonly TestContainers _containers = new(Docker, "dockmon-proxied");
    private readonly string _name = $"dockmon-proxied-{Guid.NewGuid():N}"[..28];
    private FilteringProxy _proxy = null!;
    private Installation _installation = null!;
    private string _container = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _container = await _containers.RunAsync(["sh", "-c", "echo said; sleep 3600"], Token);

    public async ValueTask DisposeAsync()
    {
        // First the agent: in the middle of an update it would make again what is removed here, under other names.
        await (_installation?.DisposeAsync() ?? ValueTask.CompletedTask);
        var (_, left, _) = await Docker.TryRunAsync(["ps", "-aq", "--filter", $"name={_name}"], CancellationToken.None);
        await Docker.TryRunAsync(["rm", "-f", "-v", .. left.Split('\n', StringSplitOptions.RemoveEmptyEntries)], CancellationToken.None);
        await _containers.DisposeAsync();
        await Docker.TryRunAsync(["volume", "rm", "-f", _name], CancellationToken.None);
        await Docker.TryRunAsync(["network", "rm", _name], CancellationToken.None);
        await (_proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task Observe_sees_everything_and_changes_nothing()
    {
        await StartAsync("observe");
        await ObserveAsync();
        foreach (var action in new[] { "start", "stop", "restart", "kill", "pause", "remove" })
        {
            await RefusedAsync(() => _installation.OperateAsync(action, _container, Token));
        }

        await RefusedAsync(() => _installation.CommandAsync("create_volume", Token, new() { ["name"] = _name }));
        await RefusedAsync(() => _installation.CommandAsync("prune_volumes", Token));
        await ShellIsRefusedAsync();
        (await Docker.RunAsync(["inspect", "--format", "{{.State.Status}} {{.RestartCount}}", _container], Token)).ShouldBe("running 0");

        await DiagnoseAsync("observe", "ok", "lets through");
        await DiagnoseAsync("full", "warning", "POST /containers/…/start");
        await GoesOnAsync();
    }

    [Fact]
    public async Task Operate_works_on_what_is_there_and_makes_nothing_else()
    {
        await using var registry = await LocalRegistry.StartAsync(Token);
        var first = await registry.PublishAsync(Docker, "proxied:1", ["ENV V=1", "CMD [\"sleep\",\"3601\"]"], Token);
        var second = await registry.PublishAsync(Docker, "proxied:2", ["ENV V=2", "CMD [\"sleep\",\"3602\"]"], Token);
        await StartAsync("operate");
        await ObserveAsync();
        await OperateAsync();

        await Docker.RunAsync(["network", "create", _name], Token);
        _containers.Own(_name);
        var old = await Docker.RunAsync(["run", "-d", "--init", "--name", _name, "--stop-timeout", "1", "-v", "/data", first], Token);
        await Docker.RunAsync(["network", "connect", _name, old], Token);
        var payload = new JsonObject { ["container_id"] = _name, ["new_image"] = second, ["stop_timeout"] = 1, ["health_timeout"] = 30 };
        var (outcome, data) = await _installation.UpdateAsync(payload, Token);
        outcome.ShouldBe("update_complete", data);
        (await Docker.RunAsync(["inspect", "--format", "{{.Config.Image}}", _name], Token)).ShouldBe(second);

        await RefusedAsync(() => _installation.CommandAsync("create_network", Token, new() { ["name"] = _name + "2" }));
        await RefusedAsync(() => _installation.CommandAsync("delete_volume", Token, new() { ["volume_name"] = _name, ["force"] = false }));
        await ShellIsRefusedAsync();
        await DiagnoseAsync("operate", "ok", "lets through");
        await GoesOnAsync();
        await Docker.RunAsync(["rm", "-f", "-v", _name], Token);
        await Docker.TryRunAsync(["rmi", "-f", first, second], CancellationToken.None);
    }

    [Fact]
    public async Task Full_has_shells_networks_volumes_and_compose()
    {
        await StartAsync("full");
        await ObserveAsync();
        await OperateAsync();
        await _installation.CommandAsync("create_volume", Token, new() { ["name"] = _name });
        var network = (await _installation.CommandAsync("create_network", Token, new() { ["name"] = _name, ["driver"] = "bridge" }))
            .GetProperty("id").GetString();
        var config = new JsonObject
        {
            ["image"] = TestImage.Name,
            ["name"] = _name,
            ["command"] = "sleep 60",
            ["network"] = _name,
            ["volumes"] = new JsonArray(_name + ":/data"),
        };
        _containers.Own(_name);
        await _installation.OperateAsync("create", "", Token, new() { ["config"] = config });
        await _installation.OperateAsync("remove", _name, Token, new() { ["force"] = true });
        await _installation.CommandAsync("delete_network", Token, new() { ["network_id"] = network, ["force"] = false });
        await _installation.CommandAsync("delete_volume", Token, new() { ["volume_name"] = _name, ["force"] = false });
        await using (var shell = await ShellClient.OpenAsync(_installation, _container, Token))
        {
            await shell.WriteAsync("echo $((6*7))-through\n", Token);
            await shell.WaitForAsync("42-through", Token);
        }

        await DiagnoseAsync("full", "ok", "lets through");
        _proxy.Refused.ShouldBeEmpty();
    }

    [Fact]
    public async Task Compose_deploys_through_the_rules_of_full()
    {
        _proxy = await FilteringProxy.StartAsync("full", Token);
        await using var compose = await ComposeFixture.StartAsync(Token, new Dictionary<string, string> { ["DOCKER_HOST"] = _proxy.Host });
        var file = $$$"""
            services:
              web:
                image: {{{TestImage.Name}}}
                command: sleep 3600
                init: true
                stop_grace_period: 1s
                healthcheck: {test: "true", interval: 1s}
                volumes: ["data:/data"]
                networks: [a, b]
                configs: [c]
              late:
                image: {{{TestImage.Name}}}
                command: "true"
                depends_on: {web: {condition: service_healthy}}
                networks: [a]
            configs: {c: {content: "written by compose"}}
            volumes: {data: {}}
            networks: {a: {}, b: {internal: true}}
            """;
        (await compose.DeployAsync("up", file, Token)).End.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await compose.ContainersAsync(Token)).ShouldBe(["late exited", "web running"]);
        (await compose.DeployAsync("restart", null, Token)).End.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await compose.DeployAsync("down", null, Token, new() { ["remove_volumes"] = true })).End.GetProperty("success").GetBoolean().ShouldBeTrue();
        _proxy.Refused.ShouldBeEmpty();
    }

    private async Task StartAsync(string mode)
    {
        _proxy = await FilteringProxy.StartAsync(mode, Token);
        _installation = await Installation.StartAsync(Token, _proxy.Host);
    }

    private async Task ObserveAsync()
    {
        var list = await _installation.CommandAsync("list_containers", Token);
        list.EnumerateArray().Select(one => one.GetProperty("Id").GetString()).ShouldContain(_container);
        foreach (var command in new[] { "list_images", "list_networks", "list_volumes", "get_system_info" })
        {
            (await _installation.CommandAsync(command, Token)).GetRawText().ShouldNotBe("null");
        }

        (await _installation.OperateAsync("get_logs", _container, Token)).GetProperty("logs").GetString()!.ShouldContain("said");
        (await _installation.OperateAsync("inspect", _container, Token)).GetProperty("container").GetProperty("Id").GetString().ShouldBe(_container);
        (await _installation.OperateAsync("get_status", _container, Token)).GetProperty("status").GetString().ShouldBe("running");
        (await _installation.OperateAsync("verify_running", _container, Token, new() { ["max_wait_seconds"] = 5 }))
            .GetProperty("is_healthy").GetBoolean().ShouldBeTrue();
        await _installation.OperateAsync("validate_ports", "", Token, new() { ["ports"] = new JsonObject { ["80/tcp"] = 65000 } });
        await Docker.RunAsync(["pause", _container], Token);
        await Docker.RunAsync(["unpause", _container], Token);
        await Retry.UntilAsync("the events are told", async () => (await _installation.EventsOfAsync(_container, Token)).Contains("unpause"), ct: Token);
    }

    private async Task OperateAsync()
    {
        foreach (var action in new[] { "pause", "unpause", "restart", "stop", "start", "kill", "start" })
        {
            var fields = action is "restart" or "stop" ? new JsonObject { ["timeout"] = 1 } : [];
            (await _installation.OperateAsync(action, _container, Token, fields)).GetProperty("success").GetBoolean().ShouldBeTrue(action);
        }
    }

    private static async Task RefusedAsync(Func<Task> request) => (await Should.ThrowAsync<OperationFailedException>(request)).Message.ShouldContain(ByProxy);

    private async Task ShellIsRefusedAsync()
    {
        await using var shell = await ShellClient.OpenAsync(_installation, _container, Token);
        (await shell.WaitForCloseAsync(Token)).ShouldContain(ByProxy);
    }

    private async Task DiagnoseAsync(string mode, string status, string words)
    {
        using var data = new TemporaryFolder();
        var found = await Diagnosis.MakeAsync(
            data.Path, $"ws://127.0.0.1:{_installation.Link.Port}", Token, ("DOCKER_HOST", _proxy.Host), ("AGENT_MODE", mode));
        found.Status("engine_proxy").ShouldBe(status, found.Answer.GetRawText());
        found.Found("engine_proxy").ShouldContain(words);
    }

    /// <summary>What was refused has cost nothing else, and the proxy has logged it.</summary>
    private async Task GoesOnAsync()
    {
        _installation.Agent.HasExited.ShouldBeFalse();
        await _installation.CommandAsync("list_containers", Token);
        _proxy.Refused.ShouldNotBeEmpty();
    }
}
