using System.Text.Json.Nodes;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class OperationTests() : InstallationTests("dockmon-it")
{
    [Fact]
    public async Task Every_operation_is_seen_in_docker_inspect()
    {
        var id = await Containers.RunAsync([], Token);
        var started = await InspectAsync(id, ".State.StartedAt");

        (await Installation.OperateAsync("pause", id, Token)).GetProperty("status").GetString().ShouldBe("paused");
        (await StatusAsync(id)).ShouldBe("paused");
        (await Installation.OperateAsync("get_status", id, Token)).GetProperty("status").GetString().ShouldBe("paused");
        (await Installation.OperateAsync("unpause", id, Token)).GetProperty("status").GetString().ShouldBe("unpaused");
        (await StatusAsync(id)).ShouldBe("running");

        (await Installation.OperateAsync("restart", id, Token, new() { ["timeout"] = 1 })).GetProperty("status").GetString().ShouldBe("restarted");
        (await InspectAsync(id, ".State.StartedAt")).ShouldNotBe(started);

        (await Installation.OperateAsync("stop", id[..12], Token, new() { ["timeout"] = 1 })).GetProperty("container_id").GetString().ShouldBe(id[..12]);
        (await StatusAsync(id)).ShouldBe("exited");
        (await Installation.OperateAsync("stop", id, Token)).GetProperty("status").GetString().ShouldBe("stopped");

        (await Installation.OperateAsync("start", id, Token)).GetProperty("status").GetString().ShouldBe("started");
        (await StatusAsync(id)).ShouldBe("running");
        (await Installation.OperateAsync("kill", id, Token)).GetProperty("status").GetString().ShouldBe("killed");
        await Retry.UntilAsync("it is killed", async () => await InspectAsync(id, ".State.ExitCode") == "137", ct: Token);

        var name = Containers.NewName();
        Containers.Own(name);
        (await Installation.OperateAsync("rename", id, Token, new() { ["new_name"] = name })).GetProperty("status").GetString().ShouldBe("renamed");
        (await InspectAsync(id, ".Name")).ShouldBe("/" + name);

        var inspected = (await Installation.OperateAsync("inspect", id, Token)).GetProperty("container");
        inspected.GetProperty("Id").GetString().ShouldBe(id);
        using var engine = new EngineClient(EngineEndpoint.FromEnvironment(null, null, null), TimeProvider.System);
        inspected.GetRawText().ShouldBe(System.Text.Encoding.UTF8.GetString(await engine.InspectContainerRawAsync(id, Token)).TrimEnd());

        (await Installation.OperateAsync("remove", id, Token)).GetProperty("removed").GetBoolean().ShouldBeTrue();
        (await Docker.TryRunAsync(["inspect", id], Token)).ExitCode.ShouldNotBe(0);
    }

    [Theory]
    [InlineData("start", "failed to start container: No such container: nosuch")]
    [InlineData("stop", "failed to stop container: No such container: nosuch")]
    [InlineData("restart", "failed to restart container: No such container: nosuch")]
    [InlineData("kill", "failed to kill container: ")]
    [InlineData("pause", "failed to pause container: No such container: nosuch")]
    [InlineData("unpause", "failed to unpause container: No such container: nosuch")]
    [InlineData("remove", "failed to remove container: No such container: nosuch")]
    [InlineData("inspect", "failed to inspect container: No such container: nosuch")]
    [InlineData("get_logs", "failed to get container logs: ")]
    [InlineData("get_status", "failed to get status of container: No such container: nosuch")]
    [InlineData("rename", "new_name is missing")]
    [InlineData("levitate", "unknown action: levitate")]
    public async Task A_failure_says_what_was_tried_and_then_Dockers_own_words(string action, string words) =>
        (await Should.ThrowAsync<OperationFailedException>(() => Installation.OperateAsync(action, "nosuch", Token))).Message.ShouldStartWith(words);

    [Fact]
    public async Task Conflicts_are_told_in_Dockers_words()
    {
        var id = await Containers.RunAsync([], Token);
        var other = Containers.NewName();
        await Containers.RunAsync([], Token, name: other);
        (await Should.ThrowAsync<OperationFailedException>(() => Installation.OperateAsync("remove", id, Token))).Message.ShouldContain("running container");
        (await Should.ThrowAsync<OperationFailedException>(() => Installation.OperateAsync(
            "rename",
            id,
            Token,
            new() { ["new_name"] = other }))).Message.ShouldContain("already in use");
        (await Should.ThrowAsync<OperationFailedException>(() => Installation.OperateAsync("unpause", id, Token))).Message.ShouldContain("is not paused");
        (await Should.ThrowAsync<OperationFailedException>(() => Installation.OperateAsync("", id, Token))).Message.ShouldContain("unknown action");
        (await Installation.OperateAsync("remove", id, Token, new() { ["force"] = true })).GetProperty("removed").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Logs_have_both_streams_in_order_with_times_and_obey_tail_and_since()
    {
        var id = await Containers.RunAsync(["sh", "-c", "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; sleep 0.05; done"], Token);
        await Docker.RunAsync(["wait", id], Token);
        var lines = await LogsAsync(id, []);
        lines.ShouldBe(await DockersOrderAsync(id));
        lines.Select(line => line.Split(' ', 2)[1])
            .Order()
            .ShouldBe(["err 1", "err 2", "err 3", "err 4", "err 5", "out 1", "out 2", "out 3", "out 4", "out 5"]);
        (await LogsAsync(id, new() { ["tail"] = 3 })).ShouldBe(lines[^3..]);
        var third = lines[4].Split(' ')[0];
        // The engine copies the two streams side by side: a line may be kept before one that is a little older.
        (await LogsAsync(id, new() { ["since"] = third })).ShouldBe(lines.Where(line => string.CompareOrdinal(line.Split(' ')[0], third) >= 0));
    }

    [Fact]
    public async Task A_terminals_log_is_read_as_it_is()
    {
        var id = await Containers.RunAsync(["echo", "hello"], Token, ["-t"]);
        await Docker.RunAsync(["wait", id], Token);
        (await LogsAsync(id, [])).Single().ShouldEndWith(" hello\r");
    }

    [Fact]
    public async Task Logs_larger_than_a_frame_come_cut_and_say_so()
    {
        var id = await Containers.RunAsync(
            ["sh", "-c", "yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -c 50000000"],
            Token);
        await Docker.RunAsync(["wait", id], Token);
        var lines = await LogsAsync(id, new() { ["tail"] = 10_000_000 });
        lines[0].ShouldContain("the log was cut here");
        lines.Count.ShouldBeGreaterThan(10_000);
        lines[1].ShouldEndWith(" 0123456789012345678901234567890123456789012345678901234567890123456789");
    }

    [Fact]
    public async Task A_slow_stop_of_one_container_delays_neither_an_inspect_nor_anotherContainers_stop()
    {
        var slow = await Containers.RunAsync(["sh", "-c", "trap '' TERM; while true; do sleep 1; done"], Token);
        var quick = await Containers.RunAsync([], Token);
        var stopping = Installation.OperateAsync("stop", slow, Token, new() { ["timeout"] = 8 });
        await Installation.OperateAsync("inspect", slow, Token);
        await Installation.OperateAsync("kill", quick, Token);
        stopping.IsCompleted.ShouldBeFalse();
        await stopping;
    }

    /// <summary>The log as the docker CLI prints it, both streams to one pipe: the engine alone knows which of two pipes it read first.</summary>
    private static async Task<List<string>> DockersOrderAsync(string id)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "sh",
            ["-c", "exec docker logs --timestamps \"$0\" 2>&1", id]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    [Fact]
    public async Task Operations_on_one_container_keep_their_order_however_it_is_named()
    {
        var name = Containers.NewName();
        var id = await Containers.RunAsync(["sh", "-c", "trap '' TERM; while true; do sleep 1; done"], Token, name: name);
        var stopping = Installation.OperateAsync("stop", name, Token, new() { ["timeout"] = 3 });
        await Retry.UntilAsync("the stop has begun", async () => (await Installation.EventsOfAsync(id, Token)).Contains("kill"), ct: Token);
        await Installation.OperateAsync("start", id[..12], Token);
        (await stopping).GetProperty("status").GetString().ShouldBe("stopped");
        (await StatusAsync(id)).ShouldBe("running");
    }

    [Theory]
    [InlineData(".", "names no container")]
    [InlineData("..", "names no container")]
    [InlineData("", "container_id is missing")]
    [InlineData("a/b", "No such container: a/b")]
    public async Task A_reference_that_is_none_is_refused(string reference, string words) =>
        (await Should.ThrowAsync<OperationFailedException>(() => Installation.OperateAsync("inspect", reference, Token))).Message.ShouldContain(words);

    [Fact]
    public async Task Half_of_a_surrogate_pair_costs_no_connection()
    {
        using var content = new StringContent("""{"action":"\ud800","container_id":"x"}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await Installation.Http.PostAsync($"/api/hosts/{Installation.HostId}/operation", content, Token);
        (await answer.Content.ReadAsStringAsync(Token)).ShouldContain("unknown action");
        Installation.Agent.Lines.Count(line => line.Contains("Connected to", StringComparison.Ordinal)).ShouldBe(1);
    }

    private static Task<string> StatusAsync(string id) => InspectAsync(id, ".State.Status");

    private static Task<string> InspectAsync(string id, string path) => Docker.RunAsync(["inspect", "--format", "{{" + path + "}}", id], Token);

    private async Task<List<string>> LogsAsync(string id, JsonObject fields) =>
        [.. (await Installation.OperateAsync("get_logs", id, Token, fields)).GetProperty("logs").GetString()!.Split(
            '\n',
            StringSplitOptions.RemoveEmptyEntries)];
}
