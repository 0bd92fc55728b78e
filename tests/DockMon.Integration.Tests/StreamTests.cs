using System.Text.Json;
using System.Net.Http.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class StreamTests() : InstallationTests("dockmon-it")
{
    [Fact]
    public async Task Events_come_as_Docker_tells_them_without_exec_noise()
    {
        var id = await Containers.RunAsync([], Token);
        await Docker.RunAsync(["exec", id, "true"], Token);
        await Docker.RunAsync(["kill", id], Token);
        await Retry.UntilAsync("the die event came", async () => (await Installation.EventsOfAsync(id, Token)).Contains("die"), ct: Token);
        (await Installation.EventsOfAsync(id, Token)).ShouldBe(["create", "start", "kill", "die"]);
        var events = await Installation.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{Installation.HostId}/events", Token);
        var die = events.EnumerateArray().First(e => e.GetProperty("container_id").GetString() == id && e.GetProperty("action").GetString() == "die");
        die.GetProperty("attributes").GetProperty("exitCode").GetString().ShouldBe("137");
        die.GetProperty("timestamp").GetString()!.Length.ShouldBe("2026-11-23T08:24:50.477654289Z".Length);
    }

    [Fact]
    public async Task Not_one_of_many_events_that_come_at_once_is_lost()
    {
        var ids = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            ids.Add(await Containers.CreateAsync([], Token));
        }

        // Docker stamps events before it sorts them out: some of these overtake each other.
        const int Renames = 20;
        await Parallel.ForEachAsync(ids, Token, async (id, ct) =>
        {
            for (var i = 0; i < Renames; i++)
            {
                await Docker.RunAsync(["rename", id, $"dockmon-it-{id[..12]}-{i}"], ct);
            }
        });
        foreach (var id in ids)
        {
            await Retry.UntilAsync(
                "every rename came",
                async () => (await Installation.EventsOfAsync(id, Token)).Count(action => action == "rename") == Renames,
                ct: Token);
        }
    }

    [Fact]
    public async Task A_running_container_has_a_history_by_its_name_and_metrics_by_its_id()
    {
        var id = await Containers.RunAsync([], Token);
        var name = (await Docker.RunAsync(["inspect", "--format", "{{.Name}}", id], Token)).TrimStart('/');
        var history = $"/api/hosts/{Installation.HostId}/stats/history?container_name={name}&step=60";
        await Retry.UntilAsync(
            "its memory is in the history",
            async () => (await Installation.Http.GetFromJsonAsync<JsonElement>(history, Token)).GetProperty("points").EnumerateArray()
                .Any(point => point.GetProperty("memory_usage").GetProperty("max").GetDouble() > 0),
            ct: Token);
        (await Installation.Http.GetStringAsync("/metrics", Token)).ShouldMatch(
            $$"""\ncontainer_memory_working_set_bytes\{host_id="{{Installation.HostId}}",host_name="[^"]+","""
            + $$"""container_id="{{id}}",container_name="{{name}}"\} [1-9]""");
    }

    [Fact]
    public async Task Samples_of_a_running_container_come_and_a_signal_it_survives_does_not_end_them()
    {
        var id = await Containers.RunAsync(["sh", "-c", "trap : HUP; while true; do :; done"], Token);
        // How much of a core it gets is the machine's business; without work it would be 0.
        await Retry.UntilAsync("a busy core is seen", async () => await CpuAsync(id) is > 1, ct: Token);
        var before = (await SampleAsync(id))!.Value.GetProperty("timestamp").GetString();
        await Docker.RunAsync(["kill", "--signal", "HUP", id], Token);
        await Retry.UntilAsync("the signal was seen", async () => (await Installation.EventsOfAsync(id, Token)).Contains("kill"), ct: Token);
        var seen = DateTimeOffset.Parse(before!, System.Globalization.CultureInfo.InvariantCulture);
        await Retry.UntilAsync("samples go on", async () => DateTimeOffset.Parse(
            (await SampleAsync(id))!.Value.GetProperty("timestamp").GetString()!,
            System.Globalization.CultureInfo.InvariantCulture) > seen.AddSeconds(2), ct: Token);
        (await SampleAsync(id))!.Value.GetProperty("memory_usage").GetInt64().ShouldBeInRange(10_000, 50_000_000);
    }

    [Fact]
    public async Task A_link_that_is_cut_whileContainers_die_loses_no_event_and_no_answer()
    {
        var dying = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            dying.Add(await Containers.RunAsync([], Token));
        }

        var slow = await Containers.RunAsync(["sh", "-c", "trap '' TERM; while true; do sleep 1; done"], Token);
        var stopping = Installation.OperateAsync("stop", slow, Token, new() { ["timeout"] = 3 });
        await Retry.UntilAsync("the stop has begun", async () => (await Installation.EventsOfAsync(slow, Token)).Contains("kill"), ct: Token);

        // First a black hole, which nobody notices; then the cut.
        Installation.Link.Mode = ProxyMode.Paused;
        await Docker.RunAsync(["kill", .. dying[..2]], Token);
        Installation.Link.CutAll();
        Installation.Link.Mode = ProxyMode.Refuse;
        await Installation.WaitForAgentAsync(Token, connected: false);
        await Docker.RunAsync(["kill", .. dying[2..]], Token);
        await Docker.RunAsync(["wait", slow], Token);
        Installation.Link.Mode = ProxyMode.Relay;

        (await stopping).GetProperty("status").GetString().ShouldBe("stopped");
        foreach (var id in dying)
        {
            await Retry.UntilAsync("the die event came", async () => (await Installation.EventsOfAsync(id, Token)).Contains("die"), ct: Token);
            (await Installation.EventsOfAsync(id, Token)).Count(action => action == "die").ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_hub_that_is_restarted_sees_the_agent_again_and_misses_nothing()
    {
        var id = await Containers.RunAsync([], Token);
        Installation.Hub.Terminate();
        (await Installation.Hub.WaitForExitAsync(Token)).ShouldBe(0);
        await Docker.RunAsync(["kill", id], Token);
        await Installation.StartHubAsync(Token);
        await Installation.WaitForAgentAsync(Token);
        await Retry.UntilAsync("the die event came", async () => (await Installation.EventsOfAsync(id, Token)).Contains("die"), ct: Token);
    }

    [Fact]
    public async Task Told_to_stop_in_the_middle_of_an_operation_the_agent_finishes_it_answers_and_exits_with_0()
    {
        var slow = await Containers.RunAsync(["sh", "-c", "trap '' TERM; while true; do sleep 1; done"], Token);
        var stopping = Installation.OperateAsync("stop", slow, Token, new() { ["timeout"] = 3 });
        await Retry.UntilAsync("the stop has begun", async () => (await Installation.EventsOfAsync(slow, Token)).Contains("kill"), ct: Token);
        Installation.Agent.Terminate();
        (await stopping).GetProperty("status").GetString().ShouldBe("stopped");
        (await Installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);
        (await Docker.RunAsync(["inspect", "--format", "{{.State.Status}}", slow], Token)).ShouldBe("exited");
    }

    [Fact]
    public async Task No_secret_reaches_the_log_at_any_level()
    {
        var id = await Containers.RunAsync([], Token, ["-e", "PASSWORD=hunter2-secret"]);
        await Installation.CommandAsync("list_containers", Token);
        await Installation.OperateAsync("inspect", id, Token);
        Installation.Agent.Terminate();
        await Installation.Agent.WaitForExitAsync(Token);
        var token = (await File.ReadAllTextAsync(Path.Combine(Installation.AgentData, "permanent_token"), Token)).Trim();
        var log = string.Join('\n', Installation.Agent.Lines);
        log.ShouldContain("Registered");
        log.ShouldNotContain(token);
        log.ShouldNotContain(Installation.RegistrationToken);
        log.ShouldNotContain("hunter2-secret");
    }

    private async Task<JsonElement?> SampleAsync(string id)
    {
        var stats = await Installation.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{Installation.HostId}/stats", Token);
        return stats.GetProperty("containers").TryGetProperty(id, out var sample) ? sample : null;
    }

    private async Task<double?> CpuAsync(string id) => (await SampleAsync(id))?.GetProperty("cpu_percent").GetDouble();
}
