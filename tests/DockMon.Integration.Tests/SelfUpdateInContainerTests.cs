using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Self-update of an agent in its container, from an image of a real registry: the container and its process stay.</summary>
public sealed class SelfUpdateInContainerTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();
    private readonly string _name = $"dockmon-self-{Guid.NewGuid():N}"[..20];
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _images = [];
    private HubForContainers _hub = null!;
    private LocalRegistry _registry = null!;
    private string _image = "";
    private string _own = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Newer => _own.Replace(".0", ".1", StringComparison.Ordinal);

    public async ValueTask InitializeAsync()
    {
        _image = Environment.GetEnvironmentVariable("DOCKMON_AGENT_IMAGE") ?? "";
        Assert.SkipWhen(_image.Length == 0, "DOCKMON_AGENT_IMAGE names no image of the agent; ./test builds one.");
        _registry = await LocalRegistry.StartAsync(Token);
        _hub = await HubForContainers.StartAsync(Docker, Token);
        _own = await Docker.RunAsync(["run", "--rm", _image, "version"], Token);
    }

    [Fact]
    public async Task A_newer_image_becomes_the_same_container_and_the_same_process_and_back_again()
    {
        var newer = await PublishAsync(Newer, await OtherAgent.WithVersionAsync(_folder.Path, _own, Newer, Token));
        var older = await PublishAsync(_own, AgentProcess.Path);
        await RunAsync();
        var before = await InspectAsync("{{.Id}} {{.State.Pid}} {{.State.StartedAt}}");

        await UpdateAsync(newer);
        await WaitForAsync(Newer);
        await LoggedAsync($"Version {Newer} has proven itself");
        (await InspectAsync("{{.Id}} {{.State.Pid}} {{.State.StartedAt}}")).ShouldBe(before);
        (await Docker.RunAsync(["ps", "-aq", "--filter", "label=dockmon.agent.self-update"], Token)).ShouldBeEmpty();
        (await Docker.RunAsync(["images", "-q", newer], Token)).ShouldBeEmpty("the image was only pulled for the program in it");

        await Docker.RunAsync(["restart", _name], Token);
        await WaitForAsync(Newer);

        before = await InspectAsync("{{.Id}} {{.State.Pid}} {{.State.StartedAt}}");
        await UpdateAsync(older, force: true);
        await WaitForAsync(_own);
        (await InspectAsync("{{.Id}} {{.State.Pid}} {{.State.StartedAt}}")).ShouldBe(before);
    }

    [Theory]
    [InlineData("crashes", "return 3;", "ended before it had proven itself")]
    [InlineData("hangs", "for (;;) pause();", "neither proved itself in time nor gave up (timeout)")]
    public async Task A_program_that_does_not_work_gives_way_in_the_same_container(string name, string body, string words)
    {
        var bad = await PublishAsync(name, await OtherAgent.InCAsync(_folder.Path, name, body, Token));
        await RunAsync("-e", "UPDATE_TIMEOUT=20s");
        var id = await InspectAsync("{{.Id}}");
        await UpdateAsync(bad);
        await LoggedAsync($"version 9.9.9 {words}; version {_own} is back");
        await WaitForAsync(_own);
        (await InspectAsync("{{.Id}} {{.State.Status}}")).ShouldBe($"{id} running");
    }

    [Fact]
    public async Task An_image_of_something_else_is_refused_and_SELF_UPDATE_IMAGE_leads_to_the_right_one()
    {
        var other = await _registry.PublishAsync(Docker, "other/dockmon-agent:9.9.9", ["LABEL x=y"], Token);
        var newer = await PublishAsync("9.9.9", await OtherAgent.WithVersionAsync(_folder.Path, _own, Newer, Token));
        _images.Add(other);
        await RunAsync();
        await UpdateAsync(other);
        await LoggedAsync("is not this product");
        (await LogsAsync()).ShouldContain("Set SELF_UPDATE_IMAGE to the repository");

        await Docker.RunAsync(["rm", "-f", _name], Token);
        await RunAsync("-e", "SELF_UPDATE_IMAGE=" + newer[..newer.LastIndexOf(':')]);
        await UpdateAsync(other);
        await WaitForAsync(Newer);
    }

    [Fact]
    public async Task An_agent_with_a_key_takes_a_program_out_of_an_image_only_with_its_signature_beside_it()
    {
        using var key = SigningKey.OfAgent();
        Assert.SkipWhen(key is null, $"{SigningKey.Variable} names no key; ./test builds the agent with one.");
        var program = await OtherAgent.WithVersionAsync(_folder.Path, _own, Newer, Token);
        var unsigned = await PublishAsync("unsigned", program);
        key.Sign(program);
        var signed = await PublishAsync("signed", program, program + ".sig");
        await RunAsync("-e", "SELF_UPDATE=signed");
        await UpdateAsync(unsigned);
        await LoggedAsync("is not signed: it has no /app/dockmon-agent.sig");
        await UpdateAsync(signed);
        await WaitForAsync(Newer);
        await LoggedAsync($"Version {Newer} has proven itself");
    }

    [Theory]
    [InlineData("no")]
    [InlineData("on-failure")]
    public async Task A_container_that_nobody_starts_again_is_not_put_at_risk(string policy)
    {
        await RunAsync("--restart", policy);
        (await Should.ThrowAsync<InvalidOperationException>(() => UpdateAsync(_image))).Message.ShouldContain(
            $"docker update --restart unless-stopped {_name}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_hub is not null)
        {
            await Docker.TryRunAsync(["rm", "-f", "-v", _name], CancellationToken.None);
            await Docker.TryRunAsync(["volume", "rm", _name], CancellationToken.None);
            await _hub.DisposeAsync();
            foreach (var image in _images)
            {
                await Docker.TryRunAsync(["rmi", "-f", image], CancellationToken.None);
            }

            await _registry.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task RunAsync(params string[] options) => await RunAsync(await _hub.NewTokenAsync(Token), options);

    private async Task RunAsync(string token, string[] options)
    {
        await Docker.RunAsync(
            ["run", "-d", "--name", _name, "--restart", "unless-stopped", "-v", "/var/run/docker.sock:/var/run/docker.sock", "-v", $"{_name}:/data",
                "-e", $"DOCKMON_URL={_hub.Url}",
                "-e", $"REGISTRATION_TOKEN={token}", "-e", "UPDATE_TIMEOUT=60s", "-e", "LOG_JSON=false", "-e", "RECONNECT_MAX=1s", "-e", "SELF_UPDATE=any",
                .. options, _image],
            Token);
        await WaitForAsync(_own);
    }

    /// <summary>An image with another program in the place of the agent.</summary>
    private async Task<string> PublishAsync(string tag, string program, string? signature = null)
    {
        var reference = $"{_registry.Address}/dockmon-agent:{tag}";
        var container = await Docker.RunAsync(["create", _image], Token);
        await Docker.RunAsync(["cp", program, $"{container}:/app/dockmon-agent"], Token);
        if (signature is not null)
        {
            await Docker.RunAsync(["cp", signature, $"{container}:/app/dockmon-agent.sig"], Token);
        }

        await Docker.RunAsync(["commit", container, reference], Token);
        await Docker.RunAsync(["rm", "-v", container], Token);
        await Docker.RunAsync(["push", "--quiet", reference], Token);
        await Docker.RunAsync(["rmi", reference], Token);
        _images.Add(reference);
        return reference;
    }

    /// <summary>As a server asks: it names the release's file and that one's checksum as well, which say nothing of the image.</summary>
    private Task UpdateAsync(string image, bool force = false) =>
        _hub.CommandAsync("self_update", new JsonObject
        {
            ["version"] = "9.9.9",
            ["image"] = image,
            ["binary_url"] = "http://127.0.0.1:1/dockmon-agent",
            ["checksum"] = new string('0', 64),
            ["force"] = force
        }, Token);

    private Task WaitForAsync(string version) =>
        WithLogsAsync(Retry.UntilAsync(
            $"version {version} is connected",
            async () => (await _hub.HostsAsync(Token)).Any(host => host.GetProperty("connected").GetBoolean() && Version(host) == version),
            ct: Token));

    private Task LoggedAsync(string words) =>
        WithLogsAsync(Retry.UntilAsync($"the log says: {words}", async () => (await LogsAsync()).Contains(words, StringComparison.Ordinal), ct: Token));

    /// <summary>Has a wait that was in vain tell what the agent said meanwhile.</summary>
    private async Task WithLogsAsync(Task wait)
    {
        try
        {
            await wait;
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}{Environment.NewLine}{await LogsAsync()}", e);
        }
    }

    private static string Version(JsonElement host) => host.GetProperty("registration").GetProperty("version").GetString()!;

    private async Task<string> LogsAsync()
    {
        var (_, output, error) = await Docker.TryRunAsync(["logs", _name], Token);
        return output + error;
    }

    private Task<string> InspectAsync(string format) => Docker.RunAsync(["inspect", "--format", format, _name], Token);
}
