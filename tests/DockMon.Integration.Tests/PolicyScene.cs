using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>What came of a request: the error, and whether the engine, or whoever would have noticed, shows that it was done.</summary>
internal sealed record PolicyOutcome(string? Error, bool Done)
{
    private const string Refusal = "refused by this host's policy: ";

    /// <summary>"allowed" or "refused" as the table has it; anything else is neither, and says what it is.</summary>
    public string Word => (Error, Done) switch
    {
        (null, true) => "allowed",
        ({ } error, false) when error.Contains(Refusal, StringComparison.Ordinal) => "refused",
        _ => $"{(Done ? "done" : "not done")}, {Error ?? "without an error"}",
    };
}

/// <summary>Images of a registry.</summary>
/// <param name="First">What containers are of before an update.</param>
/// <param name="Second">What they are updated to.</param>
/// <param name="Remote">One that the engine does not have.</param>
internal sealed record PolicyImages(string First, string Second, string Remote);

/// <summary>An agent in one mode on an engine of a test's own, and each action of the protocol.</summary>
internal sealed class PolicyScene(PrivateEngine engine, Installation installation, StaticSite site, PolicyImages images, CancellationToken ct)
    : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _names;
    private string? _running;

    private DockerCli Docker => engine.Docker;

    public void Dispose() => _folder.Dispose();

    /// <summary>The actions, each with a way to ask for it and to see whether it was done.</summary>
    public IReadOnlyDictionary<string, Func<Task<PolicyOutcome>>> Actions => new Dictionary<string, Func<Task<PolicyOutcome>>>
    {
        ["list_containers"] = async () =>
        {
            var id = await RunningAsync();
            return await ReadAsync("list_containers", answer => answer.GetRawText().Contains(id, StringComparison.Ordinal));
        },
        ["list_images"] = () => ReadAsync("list_images", answer => answer.GetArrayLength() > 0),
        ["list_networks"] = () => ReadAsync("list_networks", answer => answer.GetArrayLength() > 0),
        ["list_volumes"] = () => ReadAsync("list_volumes", answer => answer.ValueKind == JsonValueKind.Array),
        ["get_system_info"] = () => ReadAsync("get_system_info", answer => answer.GetProperty("docker_version").GetString()!.Length > 0),
        ["image_check"] = () => ReadAsync(
            "image_check", answer => answer[0].TryGetProperty("remote_digest", out _), new() { ["images"] = new JsonArray(images.First) }),
        ["inspect"] = () => LookAsync("inspect", answer => answer.TryGetProperty("container", out _)),
        ["get_status"] = () => LookAsync("get_status", answer => answer.GetProperty("status").GetString() == "running"),
        ["verify_running"] = () => LookAsync("verify_running", answer => answer.GetProperty("is_healthy").GetBoolean()),
        ["validate_ports"] = () => LookAsync("validate_ports", _ => true, new() { ["ports"] = new JsonObject { ["80/tcp"] = 65000 } }),
        ["get_logs"] = () => LookAsync("get_logs", answer => answer.GetProperty("logs").GetString()!.Contains("hello", StringComparison.Ordinal)),
        ["events"] = EventsAsync,
        ["stats"] = StatsAsync,
        ["start"] = () => ChangeAsync("start", async () => await Docker.RunAsync(["create", "--init", .. Command], ct), StatusIs("running")),
        ["stop"] = () => ChangeAsync("stop", RunAsync, StatusIs("exited")),
        ["restart"] = RestartAsync,
        ["kill"] = () => ChangeAsync("kill", RunAsync, StatusIs("exited")),
        ["pause"] = () => ChangeAsync("pause", RunAsync, StatusIs("paused")),
        ["unpause"] = () => ChangeAsync("unpause", async () =>
        {
            var id = await RunAsync();
            await Docker.RunAsync(["pause", id], ct);
            return id;
        }, StatusIs("running")),
        ["rename"] = RenameAsync,
        ["remove"] = () => ChangeAsync("remove", RunAsync, async id => !await IsThereAsync("container", id), new() { ["force"] = true }),
        ["update_container"] = UpdateAsync,
        ["create"] = CreateAsync,
        ["pull_image"] = async () => new(
            await OperateAsync("pull_image", "", new() { ["image"] = images.Remote }),
            await IsThereAsync("image", images.Remote)),
        ["create_network"] = () => MakeAsync("create_network", "network"),
        ["create_volume"] = () => MakeAsync("create_volume", "volume"),
        ["remove_image"] = () => DropAsync("remove_image", "image_id", "image", NewImageAsync),
        ["delete_network"] = () => DropAsync("delete_network", "network_id", "network", name => Docker.RunAsync(["network", "create", name], ct)),
        ["delete_volume"] = () => DropAsync("delete_volume", "volume_name", "volume", name => Docker.RunAsync(["volume", "create", name], ct)),
        ["prune_images"] = () => DropAsync("prune_images", null, "image", NewImageAsync),
        ["prune_networks"] = () => DropAsync("prune_networks", null, "network", name => Docker.RunAsync(["network", "create", name], ct)),
        ["prune_volumes"] = () => DropAsync("prune_volumes", null, "volume", name => Docker.RunAsync(["volume", "create", name], ct)),
        ["deploy_compose"] = DeployAsync,
        ["scan_compose_dirs"] = ScanAsync,
        ["read_compose_file"] = ReadFileAsync,
        ["shell"] = ShellAsync,
        ["health_checks"] = HealthCheckAsync,
        ["self_update"] = async () =>
        {
            // It is accepted and then fails, for there is nothing to download.
            var error = await CommandAsync("self_update", new() { ["version"] = "99.0.0", ["binary_url"] = $"{site.Url}/nothing", ["image"] = "x" });
            return new(error, error is null);
        },
    };

    private static string[] Command => [TestImage.Name, "sh", "-c", "echo hello; exec sleep 3600"];

    private string NewName() => $"policy-{Interlocked.Increment(ref _names)}-{Guid.NewGuid():N}"[..20];

    private Task<string> RunAsync() => Docker.RunAsync(["run", "-d", "--init", .. Command], ct);

    /// <summary>A container that is only looked at.</summary>
    private async Task<string> RunningAsync() => _running ??= await RunAsync();

    private async Task<bool> IsThereAsync(string kind, string name) => (await Docker.TryRunAsync([kind, "inspect", name], ct)).ExitCode == 0;

    private Task<string> InspectAsync(string id, string format) => Docker.RunAsync(["inspect", "--format", "{{" + format + "}}", id], ct);

    private Func<string, Task<bool>> StatusIs(string status) => async id => await InspectAsync(id, ".State.Status") == status;

    private static async Task<string?> ErrorOfAsync(Func<Task> ask)
    {
        try
        {
            await ask();
            return null;
        }
        catch (OperationFailedException e)
        {
            return e.Message;
        }
    }

    private Task<string?> OperateAsync(string action, string container, JsonObject? fields = null) =>
        ErrorOfAsync(() => installation.OperateAsync(action, container, ct, fields));

    private Task<string?> CommandAsync(string command, JsonObject? payload = null) => ErrorOfAsync(() => installation.CommandAsync(command, ct, payload));

    private async Task<PolicyOutcome> ReadAsync(string command, Func<JsonElement, bool> isAnswer, JsonObject? payload = null)
    {
        var answer = default(JsonElement);
        var error = await ErrorOfAsync(async () => answer = await installation.CommandAsync(command, ct, payload));
        return new(error, error is null && isAnswer(answer));
    }

    private async Task<PolicyOutcome> LookAsync(string action, Func<JsonElement, bool> isAnswer, JsonObject? fields = null)
    {
        var id = await RunningAsync();
        await Retry.UntilAsync("it has said hello", async () => (await Docker.RunAsync(["logs", id], ct)).Length > 0, ct: ct);
        var answer = default(JsonElement);
        var error = await ErrorOfAsync(async () => answer = await installation.OperateAsync(action, id, ct, fields));
        return new(error, error is null && isAnswer(answer));
    }

    private async Task<PolicyOutcome> ChangeAsync(string action, Func<Task<string>> prepare, Func<string, Task<bool>> isDone, JsonObject? fields = null)
    {
        var id = await prepare();
        fields ??= new() { ["timeout"] = 1 };
        var error = await OperateAsync(action, id, fields);
        if (error is null)
        {
            await Retry.UntilAsync($"{action} has shown", () => isDone(id), ct: ct);
        }

        return new(error, await isDone(id));
    }

    private async Task<PolicyOutcome> RestartAsync()
    {
        var started = "";
        return await ChangeAsync(
            "restart",
            async () =>
            {
                var id = await RunAsync();
                started = await InspectAsync(id, ".State.StartedAt");
                return id;
            },
            async id => await InspectAsync(id, ".State.StartedAt") != started);
    }

    private Task<PolicyOutcome> RenameAsync()
    {
        var name = NewName();
        return ChangeAsync("rename", RunAsync, async id => await InspectAsync(id, ".Name") == "/" + name, new() { ["new_name"] = name });
    }

    private async Task<PolicyOutcome> EventsAsync()
    {
        var id = await RunningAsync();
        await Retry.UntilAsync("its start is told", async () => (await installation.EventsOfAsync(id, ct)).Contains("start"), ct: ct);
        return new(null, true);
    }

    private async Task<PolicyOutcome> StatsAsync()
    {
        var id = await RunningAsync();
        await Retry.UntilAsync(
            "its figures are told",
            async () => (await installation.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{installation.HostId}/stats", ct))
                .GetProperty("containers").EnumerateObject().Any(container => container.Name.StartsWith(id[..12], StringComparison.Ordinal)),
            ct: ct);
        return new(null, true);
    }

    private async Task<PolicyOutcome> UpdateAsync()
    {
        var name = NewName();
        await Docker.RunAsync(["run", "-d", "--init", "--name", name, images.First, "sleep", "3600"], ct);
        var payload = new JsonObject { ["container_id"] = name, ["new_image"] = images.Second, ["stop_timeout"] = 1 };
        var ended = "";
        var error = await ErrorOfAsync(async () => ended = (await installation.UpdateAsync(payload, ct)).Event);
        return new(error, (error is null) == (ended == "update_complete") && await InspectAsync(name, ".Config.Image") == images.Second);
    }

    private async Task<PolicyOutcome> CreateAsync()
    {
        var name = NewName();
        var config = new JsonObject { ["image"] = TestImage.Name, ["name"] = name };
        return new(await OperateAsync("create", "", new() { ["config"] = config }), await IsThereAsync("container", name));
    }

    private async Task<PolicyOutcome> MakeAsync(string command, string kind)
    {
        var name = NewName();
        return new(await CommandAsync(command, new() { ["name"] = name }), await IsThereAsync(kind, name));
    }

    private async Task NewImageAsync(string name)
    {
        var container = await Docker.RunAsync(["create", TestImage.Name], ct);
        await Docker.RunAsync(["commit", "--change", $"LABEL of={name}", container, name], ct);
        await Docker.RunAsync(["rm", container], ct);
    }

    private async Task<PolicyOutcome> DropAsync(string command, string? key, string kind, Func<string, Task> prepare)
    {
        var name = NewName();
        await prepare(name);
        return new(await CommandAsync(command, key is null ? [] : new() { [key] = name }), !await IsThereAsync(kind, name));
    }

    private async Task<PolicyOutcome> DeployAsync()
    {
        var project = NewName();
        using var feed = await HubFeed.OpenAsync(installation.Http, ct);
        var error = await CommandAsync("deploy_compose", new()
        {
            ["deployment_id"] = project,
            ["project_name"] = project,
            ["action"] = "up",
            ["compose_content"] = $"services: {{web: {{image: {TestImage.Name}, command: sleep 3600, init: true}}}}",
        });
        if (error is null)
        {
            await feed.ReadUntilAsync((name, _) => name == "deploy_complete", ct);
        }

        var running = await Docker.RunAsync(["ps", "-q", "--filter", $"label=com.docker.compose.project={project}"], ct);
        return new(error, running.Length > 0);
    }

    private Task<PolicyOutcome> ScanAsync()
    {
        var file = _folder.Write("scan/compose.yaml", "services: {}\n");
        return ReadAsync(
            "scan_compose_dirs",
            answer => answer.GetRawText().Contains(file, StringComparison.Ordinal),
            new() { ["paths"] = new JsonArray(Path.GetDirectoryName(file)), ["recursive"] = true });
    }

    private Task<PolicyOutcome> ReadFileAsync()
    {
        var file = _folder.Write("read/compose.yaml", "services: {} # mine\n");
        return ReadAsync("read_compose_file", answer => answer.GetRawText().Contains("# mine", StringComparison.Ordinal), new() { ["path"] = file });
    }

    private async Task<PolicyOutcome> ShellAsync()
    {
        var id = await RunningAsync();
        await using var shell = await ShellClient.OpenAsync(installation, id, ct);
        await shell.WriteAsync("echo $((6*7))-done; sleep 60\n", ct);
        await Retry.UntilAsync("it answers or is closed", () => shell.Closed is not null || shell.Text.Contains("42-done", StringComparison.Ordinal), ct: ct);
        return new(shell.Closed, await InspectAsync(id, ".ExecIDs") != "[]");
    }

    private async Task<PolicyOutcome> HealthCheckAsync()
    {
        var (path, id) = ($"/{NewName()}", await RunningAsync());
        object[] configs = [new { container_id = id[..12], url = site.Url + path, check_interval_seconds = 1 }];
        (await installation.Http.PutAsJsonAsync($"/api/hosts/{installation.HostId}/health-checks", configs, ct)).EnsureSuccessStatusCode();
        var refused = "health_checks was refused by this host's policy: ";
        bool IsRefused() => installation.Agent.Lines.Any(line => line.Contains(refused, StringComparison.Ordinal));
        await Retry.UntilAsync("it is made or refused", () => site.Requests.Contains(path) || IsRefused(), ct: ct);
        return new(IsRefused() ? refused.Replace("health_checks was ", "", StringComparison.Ordinal) : null, site.Requests.Contains(path));
    }
}
