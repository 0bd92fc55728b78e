using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>
/// What can go wrong around an update, on a real engine with a real registry: the old container runs on, or comes back, and the server hears why.
/// </summary>
public sealed class UpdateFailureTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();
    private readonly string _name = $"dockmon-uf-{Guid.NewGuid():N}"[..18];
    private readonly TemporaryFolder _folder = new();
    private LocalRegistry _registry = null!;
    private string _v1 = "";
    private string _v2 = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = await LocalRegistry.StartAsync(Token);
        _v1 = await _registry.PublishAsync(Docker, "web:1", ["CMD [\"sleep\",\"36001\"]"], Token);
        _v2 = await _registry.PublishAsync(Docker, "web:2", ["CMD [\"sleep\",\"36002\"]"], Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Docker.TryRunAsync(["rm", "-f", "-v", _name], CancellationToken.None);
        await Docker.TryRunAsync(["network", "rm", _name], CancellationToken.None);
        await Docker.TryRunAsync(["rmi", "-f", _v1, _v2], CancellationToken.None);
        await _registry.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_registry_that_goes_away_in_the_middle_of_a_pull_leaves_the_container_running()
    {
        await using var proxy = FaultProxy.Start(int.Parse(_registry.Address.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        await using var installation = await Installation.StartAsync(Token);
        var big = await PublishBigAsync();
        var old = await RunAsync();
        proxy.PauseAfterBytes = 4 * 1024 * 1024;
        var update = installation.UpdateAsync(
            Payload(big.Replace(_registry.Address, $"127.0.0.1:{proxy.Port}", StringComparison.Ordinal)),
            Token,
            TimeSpan.FromMinutes(3));
        await Retry.UntilAsync("the layer is being pulled", () => proxy.Mode == ProxyMode.Paused, ct: Token);
        proxy.Mode = ProxyMode.Refuse;
        proxy.CutAll();

        var (outcome, data) = await update;
        outcome.ShouldBe("update_progress", data);
        data.ShouldContain($"failed to pull 127.0.0.1:{proxy.Port}/big:1: ");
        await UntouchedAsync(old, installation);
    }

    [Fact]
    public async Task A_full_disk_is_said_before_anything_is_touched_and_the_next_update_works()
    {
        await using var disk = await SmallDisk.MountAsync(_folder.Path, Token);
        await using var installation = await Installation.StartAsync(Token, environment: new Dictionary<string, string> { ["DATA_PATH"] = disk.Path });
        var old = await RunAsync();
        disk.Fill();
        (await Should.ThrowAsync<OperationFailedException>(() => installation.CommandAsync(
            "update_container",
            Token,
            Payload(_v2)))).Message.ShouldContain("the disk is full; free some space");
        await UntouchedAsync(old, installation);

        disk.Free();
        (await installation.UpdateAsync(Payload(_v2), Token)).Event.ShouldBe("update_complete");
    }

    [Fact]
    public async Task A_creation_that_is_refused_costs_no_downtime()
    {
        await using var installation = await Installation.StartAsync(Token);
        var source = Directory.CreateDirectory(Path.Combine(_folder.Path, "source")).FullName;
        var old = await RunAsync("--mount", $"type=bind,source={source},target=/m");
        await Docker.RunAsync(["run", "-d", "--name", _name + "-side", "--network", $"container:{old}", _v1], Token);
        async Task<string> SideAsync() => await Docker.RunAsync(["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", _name + "-side"], Token);
        var side = await SideAsync();
        Directory.Delete(source);
        var (outcome, data) = await installation.UpdateAsync(Payload(_v2), Token);
        outcome.ShouldBe("update_progress", data);
        data.ShouldContain("bind source path does not exist");
        (await SideAsync()).ShouldBe(side);
        await Docker.RunAsync(["rm", "-f", "-v", _name + "-side"], Token);
        await UntouchedAsync(old, installation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_network_that_is_gone_is_not_forgotten(bool madeAgain)
    {
        await using var installation = await Installation.StartAsync(Token);
        await Docker.RunAsync(["network", "create", _name], Token);
        await RunAsync();
        await Docker.RunAsync(["network", "connect", "--alias", "db", _name, _name], Token);
        await Docker.RunAsync(["stop", "-t", "0", _name], Token);
        await Docker.RunAsync(["network", "rm", _name], Token);
        if (madeAgain)
        {
            await Docker.RunAsync(["network", "create", _name], Token);
        }

        var (outcome, data) = await installation.UpdateAsync(Payload(_v2), Token);
        outcome.ShouldBe("update_complete", data);
        (await Docker.RunAsync(
            ["inspect", "--format", $"{{{{.Config.Image}}}} {{{{.State.Status}}}} {{{{(index .NetworkSettings.Networks \"{_name}\").Aliases}}}}", _name],
            Token)).ShouldStartWith($"{_v2} created [db");
        await NothingLeftAsync(installation);
        // The old container knew the network by its id, and could not be started even where there is one of the name again.
        (await Docker.TryRunAsync(["start", _name], Token)).ExitCode.ShouldBe(madeAgain ? 0 : 1);
    }

    [Fact]
    public async Task A_start_that_is_refused_for_a_while_does_not_leave_the_container_down()
    {
        await using var installation = await Installation.StartAsync(Token);
        await using var device = await Device.MakeAsync(_folder.Path, Token);
        var old = await RunAsync("--device", device.Path);
        device.Remove();
        var update = installation.UpdateAsync(Payload(_v2), Token);
        // Neither the new container can be started nor the old one.
        await installation.Agent.WaitForLineAsync("cannot be restored yet", Token);
        await device.PutBackAsync(Token);

        var (outcome, data) = await update;
        outcome.ShouldBe("update_progress", data);
        data.ShouldContain("failed to start the new container");
        data.ShouldContain("the old container is as it was");
        await UntouchedAsync(old, installation);
    }

    [Fact]
    public async Task A_start_that_is_refused_for_good_is_told_and_tried_on_even_by_the_next_agent()
    {
        await using var installation = await Installation.StartAsync(Token);
        await using var device = await Device.MakeAsync(_folder.Path, Token);
        var old = await RunAsync("--device", device.Path);
        device.Remove();
        var (outcome, data) = await installation.UpdateAsync(Payload(_v2), Token);
        outcome.ShouldBe("update_progress", data);
        data.ShouldContain("the old container cannot be restored yet; the agent goes on trying");
        data.ShouldContain("device");
        // The container's lane is free between two tries, and only another update of it is not let in.
        (await installation.OperateAsync("stop", _name, Token)).GetProperty("status").GetString().ShouldBe("stopped");
        (await Should.ThrowAsync<OperationFailedException>(() => installation.CommandAsync(
            "update_container",
            Token,
            Payload(_v2)))).Message.ShouldContain("already under way");

        installation.Agent.Terminate();
        (await installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);
        installation.StartAgent();
        await installation.Agent.WaitForLineAsync("cannot be restored yet", Token);
        await device.PutBackAsync(Token);
        await Retry.UntilAsync("the old container runs again", async () => await IsAsync(old, "running"), ct: Token);
        await UntouchedAsync(old, installation);
    }

    [Fact]
    public async Task An_agent_that_is_told_to_stop_while_the_engine_stops_a_container_leaves_in_time_and_the_next_one_ends_the_update()
    {
        await using var installation = await Installation.StartAsync(Token, environment: new Dictionary<string, string> { ["SHUTDOWN_TIMEOUT"] = "1s" });
        var stubborn = await _registry.PublishAsync(Docker, "web:stubborn", ["CMD [\"sh\",\"-c\",\"trap '' TERM; while :; do sleep 1; done\"]"], Token);
        var old = await Docker.RunAsync(["run", "-d", "--name", _name, stubborn], Token);
        var payload = Payload(_v2);
        payload["stop_timeout"] = 15;
        await installation.CommandAsync("update_container", Token, payload);
        await Retry.UntilAsync(
            "the engine stops it",
            () => installation.Journals().Any(journal => journal.Contains("\"StopBegan\": true", StringComparison.Ordinal)),
            ct: Token);
        installation.Agent.Terminate();
        (await installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);
        installation.Agent.Lines.ShouldContain(line => line.Contains($"to be ended by the next start of the agent: {_name}", StringComparison.Ordinal));

        installation.StartAgent();
        await Retry.UntilAsync(
            "the old container runs again",
            async () => Directory.GetFiles(Path.Combine(installation.AgentData, "updates")).Length == 0 && await IsAsync(old, "running"),
            ct: Token);
        await UntouchedAsync(old, installation);
        await Docker.RunAsync(["rm", "-f", _name], Token);
        await Docker.RunAsync(["rmi", stubborn], Token);
    }

    [Fact]
    public async Task A_backup_that_somebody_cleans_away_while_its_successor_is_watched_is_made_again_when_that_fails()
    {
        await using var installation = await Installation.StartAsync(Token);
        var sick = await _registry.PublishAsync(Docker, "web:sick", ["CMD [\"sleep\",\"36003\"]", "HEALTHCHECK --interval=1s --retries=1 CMD false"], Token);
        await RunAsync("-e", "MINE=1", "-v", "/anonymous");
        await Docker.RunAsync(["exec", _name, "sh", "-c", "echo precious > /anonymous/data"], Token);
        var update = installation.UpdateAsync(Payload(sick), Token);
        string backup = "";
        await Retry.UntilAsync(
            "the successor is watched",
            async () => (backup = await Docker.RunAsync(["ps", "-aq", "--filter", $"name={_name}-dockmon-old", "--filter", "status=exited"], Token)).Length > 0
                && await Docker.RunAsync(["ps", "-q", "--filter", $"name=^{_name}$", "--filter", "status=running"], Token) != "", ct: Token);
        await Docker.RunAsync(["rm", backup], Token);

        var (outcome, data) = await update;
        outcome.ShouldBe("update_progress", data);
        data.ShouldContain("unhealthy");
        (await Docker.RunAsync(["exec", _name, "sh", "-c", "echo $MINE $(cat /anonymous/data)"], Token)).ShouldBe("1 precious");
        await NothingLeftAsync(installation);
        await Docker.RunAsync(["rm", "-f", "-v", _name], Token);
        await Docker.RunAsync(["rmi", sick], Token);
    }

    [Fact]
    public async Task A_container_that_somebody_removes_in_the_middle_of_its_update_is_not_brought_back_and_the_server_hears_so()
    {
        await using var installation = await Installation.StartAsync(Token);
        await using var device = await Device.MakeAsync(_folder.Path, Token);
        await RunAsync("--device", device.Path);
        device.Remove();
        var update = installation.UpdateAsync(Payload(_v2), Token);
        await installation.Agent.WaitForLineAsync("cannot be restored yet", Token);
        await Docker.RunAsync(["rm", "-f", _name], Token);
        // The agent may have told before that it cannot bring it back yet; this is its last word.
        await update;
        await Retry.UntilAsync("the update is over", () => Directory.GetFiles(Path.Combine(installation.AgentData, "updates")).Length == 0, ct: Token);
        (await Docker.RunAsync(["ps", "-a", "--filter", $"name={_name}", "--format", "{{.Names}}"], Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_journal_that_cannot_be_read_is_set_aside_and_the_agent_starts()
    {
        await using var installation = await Installation.StartAsync(Token);
        installation.Agent.Terminate();
        await installation.Agent.WaitForExitAsync(Token);
        await File.WriteAllTextAsync(Path.Combine(installation.AgentData, "updates", "x.json"), "{\"Step\":", Token);
        installation.StartAgent();
        await installation.Agent.WaitForLineAsync("is no journal of an update", Token);
        await installation.WaitForAgentAsync(Token);
        File.Exists(Path.Combine(installation.AgentData, "updates", "x.json.unreadable")).ShouldBeTrue();
    }

    private async Task<string> RunAsync(params string[] options) =>
        await Docker.RunAsync(["run", "-d", "--stop-timeout", "1", "--name", _name, .. options, _v1], Token);

    private JsonObject Payload(string image) => new() { ["container_id"] = _name, ["new_image"] = image, ["stop_timeout"] = 1, ["health_timeout"] = 20 };

    private async Task<bool> IsAsync(string id, string status) =>
        await Docker.RunAsync(["inspect", "--format", "{{.Id}} {{.State.Status}}", _name], Token) == $"{id} {status}";

    private async Task UntouchedAsync(string id, Installation installation)
    {
        (await IsAsync(id, "running")).ShouldBeTrue();
        await NothingLeftAsync(installation);
    }

    private async Task NothingLeftAsync(Installation installation)
    {
        (await Docker.RunAsync(["ps", "-a", "--filter", $"name={_name}", "--format", "{{.Names}}"], Token)).ShouldBe(_name);
        await Retry.UntilAsync("no journal is left", () => Directory.GetFiles(Path.Combine(installation.AgentData, "updates")).Length == 0, ct: Token);
    }

    /// <summary>An image with a layer of 16 MiB that cannot be compressed.</summary>
    private async Task<string> PublishBigAsync()
    {
        var reference = $"{_registry.Address}/big:1";
        await Docker.RunAsync(["run", "--name", _name + "-big", TestImage.Name, "dd", "if=/dev/urandom", "of=/big", "bs=1M", "count=16"], Token);
        await Docker.RunAsync(["commit", _name + "-big", reference], Token);
        await Docker.RunAsync(["rm", _name + "-big"], Token);
        await Docker.RunAsync(["push", "--quiet", reference], Token);
        await Docker.RunAsync(["rmi", reference], Token);
        return reference;
    }
}
