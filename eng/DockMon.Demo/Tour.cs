using System.Text.Json;
using DockMon.Testing;

namespace DockMon.Demo;

/// <summary>Walks through what the agent can do, and looks at each step whether it did.</summary>
internal sealed class Tour(Stage stage, TextWriter output)
{
    private bool _failed;
    private CancellationToken _interrupted;

    private string Containers => $"/api/hosts/{stage.HostId}/containers";

    public async Task<bool> RunAsync(CancellationToken ct)
    {
        _interrupted = ct;
        await StepAsync("the agent registers, and the host is listed", async () =>
            Check((await stage.WaitForHostAsync(ct)).GetProperty("hostname").GetString() is { Length: > 0 }, "the host has no name"));
        var show = new ShowcaseTour(stage);
        await StepAsync("the link makes the first user, who signs in on the page", () => show.SignInAsync(ct));
        await StepAsync("containers of each kind are there: healthy, unhealthy, restarting", () => show.ContainersAsync(ct));
        await OptionalStepAsync("a compose stack is deployed", () => show.StackAsync(ct));
        await OptionalStepAsync("an update is waiting in the registry", () => show.UpdateAsync(ct));
        await StepAsync("five simulated hosts, one of them offline", () => show.HostsAsync(ct));
        await StepAsync("stop", () => OperateAsync(Showcase.Api, "stop", "exited", ct));
        await StepAsync("start", () => OperateAsync(Showcase.Api, "start", "running", ct));
        await StepAsync("restart", () => OperateAsync(Showcase.Worker, "restart", "running", ct));
        await StepAsync("pause", () => OperateAsync(Showcase.Worker, "pause", "paused", ct));
        await StepAsync("unpause", () => OperateAsync(Showcase.Worker, "unpause", "running", ct));
        await StepAsync("logs", () => Retry.UntilAsync(
            "its log has a line",
            async () => (await stage.Client.GetAsync($"{Containers}/{Showcase.Api}/logs?tail=5", ct)).GetProperty("logs").GetString()!.Contains(
                "GET /api/orders/",
                StringComparison.Ordinal),
            ct: ct));
        await StepAsync("inspect", async () =>
            Check(
                (await InspectAsync(Showcase.Web, ct)).GetProperty("Config").GetProperty("Labels").TryGetProperty(Showcase.Label, out _),
                "the label is missing"));
        await StepAsync("an operation that cannot work says why", () => RefuseAsync(ct));
        await StepAsync("each of these events has come", async () =>
        {
            foreach (var (name, action) in new[]
            {
                (Showcase.Api, "die"), (Showcase.Api, "stop"), (Showcase.Api, "start"), (Showcase.Worker, "restart"), (Showcase.Worker, "pause"),
                (Showcase.Worker, "unpause"),
            })
            {
                await Retry.UntilAsync($"the event {action} of {name} has come", async () => await CountAsync(name, action, ct) == 1, ct: ct);
            }
        });
        await StepAsync("live CPU and memory", () => Retry.UntilAsync(
            "the worker's CPU and memory are measured",
            async () => Busy(await stage.Client.GetAsync($"/api/hosts/{stage.HostId}/stats", ct)),
            ct: ct));
        var more = new ResourceTour(stage);
        await StepAsync("the host's own CPU and memory", () => more.HostStatsAsync(ct));
        await StepAsync("images", () => more.ImagesAsync(ct));
        await StepAsync("a network, a volume and a container on both are created and removed", () => more.CreateAsync(ct));
        await StepAsync("a shell", () => more.ShellAsync(ct));
        await StepAsync("a health check", () => more.HealthCheckAsync(ct));
        await OptionalStepAsync("a compose project goes up and down", () => more.ComposeAsync(ct));
        await OptionalStepAsync(
            "a container is updated, and its data and settings stay; a version that does not work gives way",
            () => new UpdateTour(stage).RunAsync(ct));
        await StepAsync("the link is cut, a container dies meanwhile: the agent comes back with that event, once", () => CutAsync(ct));
        await StepAsync("the agent answers on the new connection", async () =>
            Check((await stage.Client.GetAsync(Containers, ct)).GetArrayLength() > 0, "it lists no containers"));
        await StepAsync("SIGTERM ends the agent with exit code 0", async () =>
        {
            stage.Agent!.Terminate();
            var code = await stage.Agent.WaitForExitAsync(ct);
            Check(code == 0, $"it ended with {code}");
        });
        await output.WriteLineAsync(_failed ? "FAILED" : "ok: all of it");
        return !_failed;
    }

    private static void Check(bool fact, string otherwise)
    {
        if (!fact)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private static bool Busy(JsonElement stats) =>
        stats.GetProperty("containers").EnumerateObject().Any(container =>
            container.Value.GetProperty("container_name").GetString()!.TrimStart('/') == Showcase.Worker
            && container.Value.GetProperty("cpu_percent").GetDouble() > 0 && container.Value.GetProperty("memory_usage").GetInt64() > 0);

    private async Task StepAsync(string name, Func<Task> step)
    {
        await output.WriteAsync($"{name} … ");
        await output.FlushAsync();
        try
        {
            await step();
            await output.WriteLineAsync("ok");
        }
        catch (Exception e) when (e is TimeoutException
            or InvalidOperationException
            or HttpRequestException
            or KeyNotFoundException
            or System.Net.WebSockets.WebSocketException || (e is OperationCanceledException && !_interrupted.IsCancellationRequested))
        {
            await output.WriteLineAsync($"FAILED: {e.Message}");
            if (!_failed)
            {
                await output.WriteLineAsync(stage.Tail());
            }

            _failed = true;
        }
    }

    /// <summary>A step that says why it was skipped where this machine lacks something for it.</summary>
    private Task OptionalStepAsync(string name, Func<Task<string>> step) => StepAsync(name, async () =>
    {
        var skipped = await step();
        await output.WriteAsync(skipped.Length > 0 ? $"(skipped: {skipped}) " : "");
    });

    private async Task OperateAsync(string name, string action, string state, CancellationToken ct)
    {
        await stage.Client.PostAsync($"{Containers}/{name}/{action}", body: null, ct);
        // Docker's own word for it, past the agent.
        var seen = await stage.Docker.RunAsync(["inspect", "-f", "{{.State.Status}}", name], ct);
        Check(seen == state, $"Docker says that it is {seen}, not {state}");
    }

    private async Task<JsonElement> InspectAsync(string name, CancellationToken ct) =>
        (await stage.Client.GetAsync($"{Containers}/{name}", ct)) is var answer && answer.TryGetProperty("container", out var inner) ? inner : answer;

    private async Task RefuseAsync(CancellationToken ct)
    {
        try
        {
            await stage.Client.PostAsync($"{Containers}/dockmon-demo-nobody/start", body: null, ct);
        }
        catch (InvalidOperationException e) when (e.Message.Contains("No such container", StringComparison.Ordinal))
        {
            return;
        }

        throw new InvalidOperationException("it was not refused");
    }

    private async Task<int> CountAsync(string name, string action, CancellationToken ct) =>
        (await stage.Client.GetAsync($"/api/hosts/{stage.HostId}/events?limit=1000", ct)).EnumerateArray().Count(item =>
            item.GetProperty("container_name").GetString() == name && item.GetProperty("action").GetString() == action);

    private async Task CutAsync(CancellationToken ct)
    {
        await stage.StopHubAsync(ct);
        await stage.Docker.RunAsync(["kill", Showcase.Web], ct);
        await stage.StartHubAsync(ct);
        await stage.WaitForHostAsync(ct);
        await Retry.UntilAsync("the death during the cut has been told", async () => await CountAsync(Showcase.Web, "die", ct) > 0, ct: ct);
        Check(await CountAsync(Showcase.Web, "die", ct) == 1, "it has been told more than once");
    }
}
