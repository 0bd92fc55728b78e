using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What a policy keeps from the server, and which updates it lets wait, on a real engine with real containers and images.</summary>
public sealed class PolicySecrecyTests : IAsyncLifetime
{
    private const string Mark = "(redacted by the policy of this host)";
    private const string HideAndRedact = """
        mode: full
        redact: ["*PASSWORD*"]
        containers:
          - match: { label: "dockmon.test.hidden=true" }
            hide: true
        """;

    private static readonly string[] HiddenLabel = ["--label", "dockmon.test.hidden=true"];

    private static readonly DockerCli Docker = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _prefix = $"dockmon-hid-{Guid.NewGuid():N}"[..20];
    private readonly TestContainers _containers = new(Docker, "dockmon-secrecy");
    private Installation _hosts = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _hosts = await Installation.StartAsync(
        Token, environment: new Dictionary<string, string> { ["POLICY_FILE"] = _folder.Write("policy.yaml", HideAndRedact) });

    public async ValueTask DisposeAsync()
    {
        await _containers.DisposeAsync();
        await Docker.TryRunAsync(["network", "rm", _prefix], CancellationToken.None);
        await Docker.TryRunAsync(["volume", "rm", _prefix], CancellationToken.None);
        await Docker.TryRunAsync(["rmi", "-f", $"{_prefix}:1"], CancellationToken.None);
        await _hosts.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_hidden_container_does_not_exist_for_the_server_whatever_happens_to_it()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var (told, listening) = Listen(stop.Token);
        await Docker.RunAsync(["network", "create", _prefix], Token);
        await Docker.RunAsync(["volume", "create", _prefix], Token);
        string[] uses = ["--network", _prefix, "-v", $"{_prefix}:/data", "-e", "X=1"];
        var visible = await _containers.RunAsync([], Token, uses);
        await Docker.RunAsync(["commit", visible, $"{_prefix}:1"], Token);
        var (secret, port) = (_prefix + "-secret", FreePort.Next());
        _containers.Own(secret);
        var listing = ListWhileAsync(secret);
        var id = (await Docker.RunAsync(
            ["run", "-d", "--init", "--name", secret, .. HiddenLabel, .. uses, "-p", $"127.0.0.1:{port}:81", $"{_prefix}:1", "sleep", "3600"], Token)).Trim();
        foreach (var command in new[] { "pause", "unpause", "restart -t 0", "stop -t 0", "start", "kill", "start" })
        {
            await Docker.RunAsync([.. command.Split(' '), secret], Token);
        }

        await Docker.RunAsync(["rename", secret, secret + "-2"], Token);
        await Docker.RunAsync(["rename", secret + "-2", secret], Token);
        await Docker.RunAsync(["exec", secret, "true"], Token);

        // Events and samples of the other one, after all that: the hidden one's had their chance.
        await Docker.RunAsync(["rename", visible, _prefix + "-seen"], Token);
        await Retry.UntilAsync("the last event came", async () => (await _hosts.EventsOfAsync(visible, Token)).Contains("rename"), ct: Token);
        await Retry.UntilAsync("samples of the other one came", () => Count(told, "\"container_name\":\"" + _prefix + "-seen") >= 3, ct: Token);

        var lists = await Task.WhenAll(new[] { "list_containers", "list_images", "list_networks", "list_volumes" }.Select(
            async command => (await _hosts.CommandAsync(command, Token)).GetRawText()));
        await listing;
        foreach (var text in lists.Append(TextOf(told)))
        {
            text.ShouldContain(_prefix);
            text.ShouldNotContain(secret);
            text.ShouldNotContain(id[..12]);
        }

        UsersOf(lists[2]).ShouldBe((2, _prefix + "-seen"));
        UsersOf(lists[3]).ShouldBe((2, _prefix + "-seen"));
        await AnswersAreThoseOfNoContainerAsync(secret, id);
        await WhatItUsesIsKeptAsync(secret, id, port);
        (await Docker.RunAsync(["inspect", "--format", "{{.State.Status}} {{.Name}}", id], Token)).ShouldBe($"running /{secret}");

        await Docker.RunAsync(["rm", "-f", secret], Token);
        await Docker.RunAsync(["rename", visible, _prefix + "-last"], Token);
        await Retry.UntilAsync("the last event came", async () => (await _hosts.EventsOfAsync(visible, Token)).Count(e => e == "rename") == 2, ct: Token);
        TextOf(told).ShouldNotContain(id[..12]);
        await stop.CancelAsync();
        await listening;
    }

    [Fact]
    public async Task Values_are_replaced_in_all_that_is_told_and_nowhere_else()
    {
        var id = await _containers.RunAsync(["sh", "-c", "sleep 3600", "--password=hunter1"], Token, ["-e", "DB_PASSWORD=hunter2", "-e", "PLAIN=shown"]);
        var listed = (await _hosts.CommandAsync("list_containers", Token)).EnumerateArray().Single(one => one.GetProperty("Id").GetString() == id);
        listed.GetProperty("Env").GetProperty("DB_PASSWORD").GetString().ShouldBe(Mark);
        listed.GetProperty("Env").GetProperty("PLAIN").GetString().ShouldBe("shown");
        listed.GetRawText().ShouldNotContain("hunter");
        using var engine = new EngineClient(EngineEndpoint.FromEnvironment(Environment.GetEnvironmentVariable("DOCKER_HOST"), null, null), TimeProvider.System);
        var whole = Encoding.UTF8.GetString(await engine.InspectContainerRawAsync(id, Token)).TrimEnd();
        (await _hosts.OperateAsync("inspect", id, Token)).GetProperty("container").GetRawText().ShouldBe(
            whole.Replace("hunter1", Mark, StringComparison.Ordinal).Replace("hunter2", Mark, StringComparison.Ordinal));

        var file = _folder.Write("compose.yml", "services:\n  web:\n    image: x # note\n    environment:\n      - DB_PASSWORD=hunter3\n      - A=1\n");
        _folder.Write(".env", "DB_PASSWORD=hunter4\nB=2\n");
        var read = await _hosts.CommandAsync("read_compose_file", Token, new() { ["path"] = file });
        read.GetRawText().ShouldNotContain("hunter");
        read.GetProperty("content").GetString()!.ShouldBe(
            $"services:\n  web:\n    image: x # note\n    environment:\n      - \"DB_PASSWORD={Mark}\"\n      - A=1\n");
        read.GetProperty("env_content").GetString().ShouldBe($"DB_PASSWORD={Mark}\nB=2\n");

        var back = new JsonObject { ["image"] = TestImage.Name, ["environment"] = new JsonObject { ["DB_PASSWORD"] = Mark } };
        var error = await Should.ThrowAsync<OperationFailedException>(() => _hosts.OperateAsync("create", "", Token, new() { ["config"] = back }));
        error.Message.ShouldContain("refused to create container");
    }

    [Fact]
    public async Task An_update_waits_for_the_window_and_for_the_age_of_its_image_and_then_keeps_the_real_values()
    {
        await using var registry = await LocalRegistry.StartAsync(Token);
        var image = await registry.PublishAsync(Docker, "app:live", ["ENV V=1", "CMD [\"sleep\",\"3601\"]"], Token);
        var old = await ImageIdAsync(image);
        var name = _prefix + "-app";
        _containers.Own(name);
        var id = await Docker.RunAsync(["run", "-d", "--init", "--stop-timeout", "1", "--name", name, "-e", "DB_PASSWORD=hunter1", image], Token);
        await registry.PublishAsync(Docker, "app:live", ["ENV V=2", "CMD [\"sleep\",\"3602\"]"], Token);
        await Docker.RunAsync(["tag", old, image], Token);
        var payload = new JsonObject { ["container_id"] = name, ["new_image"] = image, ["stop_timeout"] = 1, ["health_timeout"] = 30 };

        // A window that is not now, whenever the test runs.
        var opens = DateTime.UtcNow.AddHours(3).ToString("HH:00", CultureInfo.InvariantCulture);
        await UsePolicyAsync($"updates: {{ window: \"{opens}-{opens[..3]}30\", timezone: UTC }}");
        var refused = await Should.ThrowAsync<OperationFailedException>(
            () => _hosts.CommandAsync("update_container", Token, payload.DeepClone().AsObject()));
        refused.Message.ShouldContain($"update_container is not allowed at this time, but again from");
        refused.Message.ShouldContain($"{opens} (UTC)");

        await UsePolicyAsync("updates: { min_age: 3d }");
        (await _hosts.UpdateAsync(payload.DeepClone().AsObject(), Token)).Data.ShouldContain("has seen the present image of");
        (await Docker.RunAsync(["inspect", "--format", "{{.Id}} {{.State.Status}} {{.Image}}", name], Token)).ShouldBe($"{id} running {old}");
        (await Docker.RunAsync(["ps", "-aq", "--filter", $"name={_prefix}"], Token)).Split('\n').Length.ShouldBe(1);
        (await ImageIdAsync(image)).ShouldBe(old);

        await UsePolicyAsync("updates: { min_age: 1ms }");
        var (end, data) = await _hosts.UpdateAsync(payload.DeepClone().AsObject(), Token);
        (end, data).ShouldBe(("update_complete", data));
        (await ImageIdAsync(image)).ShouldNotBe(old);
        var variables = await Docker.RunAsync(["inspect", "--format", "{{.Config.Env}}", name], Token);
        variables.ShouldContain("DB_PASSWORD=hunter1");
        variables.ShouldContain("V=2");
        await Docker.TryRunAsync(["rm", "-f", name], Token);
        await Docker.TryRunAsync(["rmi", "-f", image, old], Token);
    }

    private static async Task<string> ImageIdAsync(string image) => (await Docker.RunAsync(["image", "inspect", "--format", "{{.Id}}", image], Token)).Trim();

    private static string TextOf(StringBuilder told)
    {
        lock (told)
        {
            return told.ToString();
        }
    }

    private static int Count(StringBuilder told, string text) => TextOf(told).Split(text).Length - 1;

    private (int Count, string Names) UsersOf(string list)
    {
        var item = JsonElement.Parse(list).EnumerateArray().Single(one => one.GetProperty("name").GetString() == _prefix);
        return (item.GetProperty("container_count").GetInt32(),
            string.Join(' ', item.GetProperty("containers").EnumerateArray().Select(user => user.GetProperty("name").GetString())));
    }

    /// <summary>Keeps all that the hub passes on: events, samples and what else agents tell.</summary>
    private (StringBuilder Told, Task Listening) Listen(CancellationToken ct)
    {
        var told = new StringBuilder();
        return (told, ListenAsync());

        async Task ListenAsync()
        {
            try
            {
                await using var stream = await _hosts.Http.GetStreamAsync("/api/stream", ct);
                using var reader = new StreamReader(stream);
                while (await reader.ReadLineAsync(ct) is { } line)
                {
                    lock (told)
                    {
                        told.AppendLine(line);
                    }
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The test is over.
            }
        }
    }

    /// <summary>Lists without a pause while a container is made, so that a list may come at any moment of that.</summary>
    private async Task ListWhileAsync(string name)
    {
        for (var seen = 0; seen < 3; seen += (await Docker.TryRunAsync(["inspect", name], Token)).ExitCode == 0 ? 1 : 0)
        {
            (await _hosts.CommandAsync("list_containers", Token)).GetRawText().ShouldNotContain(name);
        }
    }

    private async Task AnswersAreThoseOfNoContainerAsync(string secret, string id)
    {
        const string Nobody = "dockmon-nobody";
        foreach (var action in new[]
            { "start", "stop", "restart", "kill", "pause", "unpause", "rename", "remove", "inspect", "get_logs", "get_status", "verify_running" })
        {
            foreach (var reference in new[] { secret, id, id[..12] })
            {
                foreach (var options in new[] { new JsonObject(), new JsonObject { ["new_name"] = "x", ["since"] = "yesterday" } })
                {
                    var expected = await ErrorAsync(() => _hosts.OperateAsync(action, Nobody, Token, options.DeepClone().AsObject()));
                    var answer = await ErrorAsync(() => _hosts.OperateAsync(action, reference, Token, options.DeepClone().AsObject()));
                    answer.ShouldBe(expected.Replace(Nobody, reference, StringComparison.Ordinal));
                }
            }
        }

        foreach (var reference in new[] { secret, Nobody })
        {
            var update = new JsonObject { ["container_id"] = reference, ["new_image"] = "x:1" };
            (await ErrorAsync(() => _hosts.CommandAsync("update_container", Token, update))).ShouldBe(
                $"failed to update container: No such container: {reference}");
            await using var shell = await ShellClient.OpenAsync(_hosts, reference, Token);
            (await shell.WaitForCloseAsync(Token)).ShouldBe($"failed to start shell: No such container: {reference}");
        }
    }

    private async Task WhatItUsesIsKeptAsync(string secret, string id, int port)
    {
        Func<Task<JsonElement>>[] requests =
        [
            () => _hosts.CommandAsync("delete_network", Token, new() { ["network_id"] = _prefix, ["force"] = true }),
            () => _hosts.CommandAsync("delete_volume", Token, new() { ["volume_name"] = _prefix, ["force"] = true }),
            () => _hosts.CommandAsync("remove_image", Token, new() { ["image_id"] = $"{_prefix}:1" }),
            () => _hosts.OperateAsync("validate_ports", "", Token, new() { ["ports"] = new JsonObject { ["81/tcp"] = port } }),
            () => _hosts.OperateAsync("create", "", Token, new()
            {
                ["config"] = new JsonObject { ["image"] = TestImage.Name, ["volumes_from"] = new JsonArray(secret) },
            }),
            () => _hosts.OperateAsync("create", "", Token, new() { ["config"] = new JsonObject { ["image"] = TestImage.Name, ["name"] = secret } }),
        ];
        foreach (var request in requests)
        {
            (await ErrorAsync(request)).ShouldNotContain(id[..12]);
        }

        (await ErrorAsync(requests[3])).ShouldBe($"failed to validate ports: conflict: {port}/tcp is used");
        (await ErrorAsync(requests[4])).ShouldBe($"failed to create container: No such container: {secret}");
    }

    private static async Task<string> ErrorAsync(Func<Task<JsonElement>> request) =>
        (await Should.ThrowAsync<OperationFailedException>(async () => await request())).Message;

    /// <summary>Puts another policy in force, as somebody on the host does.</summary>
    private async Task UsePolicyAsync(string lines)
    {
        File.Move(_folder.Write("policy.new", HideAndRedact + "\n" + lines), _folder.File("policy.yaml"), overwrite: true);
        var from = _hosts.Agent.Lines.Count;
        _hosts.Agent.Hangup();
        await _hosts.Agent.WaitForLineAsync("The policy was read again", Token, from: from);
    }
}
