using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>A policy that changes while the agent runs, and one that cannot be used any more.</summary>
public sealed class PolicyReloadTests : IAsyncDisposable
{
    private static readonly DockerCli Docker = new();
    private readonly TestContainers _containers = new(Docker, "dockmon-policy");
    private readonly TemporaryFolder _folder = new();
    private Installation _installation = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Policy => _folder.File("policy.yaml");

    public async ValueTask DisposeAsync()
    {
        await _installation.DisposeAsync();
        await _containers.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_it_says_anew_holds_at_once_for_shells_too()
    {
        await StartAsync("mode: full");
        var (id, hidden, name) = (await _containers.RunAsync([], Token), await _containers.RunAsync([], Token, ["--label", "hide=me"]), _containers.NewName());
        await _containers.RunAsync([], Token, name: name);
        await using var shell = await ShellClient.OpenAsync(_installation, id, Token);
        await shell.WriteAsync("echo $((6*7))-done\n", Token);
        await shell.WaitForAsync("42-done", Token);

        await ReloadAsync(
            $$"""
            mode: operate
            containers:
              - { match: { name: "{{name}}" }, allow: [restart] }
              - { match: { label: hide=me }, hide: true }
            """,
            "says now: mode operate");

        (await shell.WaitForCloseAsync(Token)).ShouldContain("shell is not allowed (mode: operate)");
        (await Docker.RunAsync(["top", id, "-o", "pid,comm"], Token)).Split('\n').ShouldAllBe(process => !process.EndsWith("sh", StringComparison.Ordinal));
        (await ErrorAsync("stop", name)).ShouldBe($"refused by this host's policy: stop is not allowed on {name} (containers[0] name={name})");
        (await ErrorAsync("rename", name)).ShouldContain("refused");
        (await Docker.RunAsync(["inspect", "--format", "{{.State.Status}}", name], Token)).ShouldBe("running");
        await _installation.OperateAsync("restart", name, Token, new() { ["timeout"] = 1 });
        (await ErrorAsync("inspect", hidden)).ShouldBe($"failed to inspect container: No such container: {hidden}");
        (await _installation.CommandAsync("list_containers", Token)).GetRawText().ShouldNotContain(hidden);
        await _installation.OperateAsync("stop", id, Token, new() { ["timeout"] = 1 });
    }

    [Fact]
    public async Task One_that_cannot_be_used_leaves_looking_and_nothing_else_until_it_is_corrected()
    {
        await StartAsync("mode: full");
        var id = await _containers.RunAsync([], Token);
        foreach (var (spoil, words) in Spoilt())
        {
            await spoil();
            await ReloadAsync(null, words);
            (await ErrorAsync("kill", id)).ShouldContain("kill is not allowed until the policy can be read", customMessage: words);
            (await _installation.OperateAsync("get_status", id, Token)).GetProperty("status").GetString().ShouldBe("running", words);
            File.Delete(Policy);
            await ReloadAsync("mode: full", "says now: mode full");
        }

        await _installation.OperateAsync("kill", id, Token);
        (await Docker.RunAsync(["inspect", "--format", "{{.State.Status}}", id], Token)).ShouldBe("exited");
    }

    [Fact]
    public async Task Without_one_the_signal_ends_nothing()
    {
        _installation = await Installation.StartAsync(Token);
        var id = await _containers.RunAsync([], Token);
        await ReloadAsync(null, "says the same as before (no policy)", isAnnounced: false);
        await _installation.OperateAsync("kill", id, Token);
    }

    private IEnumerable<(Func<Task> Spoil, string Words)> Spoilt()
    {
        yield return (() => File.WriteAllTextAsync(Policy, "mode: full\ndeny: [she", Token), "it is no YAML");
        yield return (() => File.WriteAllTextAsync(Policy, "mode: full\nmodes: full\n", Token), "line 2: unknown key");
        yield return (() => Run(() => File.Delete(Policy)), "it is not there any more");
        yield return (() => Run(() => File.SetUnixFileMode(Policy, UnixFileMode.UserRead | UnixFileMode.GroupWrite)), "others than its owner can write");
        yield return (() => Run(() =>
        {
            File.Move(Policy, _folder.File("real.yaml"), overwrite: true);
            File.CreateSymbolicLink(Policy, _folder.File("real.yaml"));
        }), "symbolic link");
    }

    private static Task Run(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private async Task StartAsync(string policy)
    {
        _folder.Write("policy.yaml", policy);
        _installation = await Installation.StartAsync(Token, environment: new Dictionary<string, string> { ["POLICY_FILE"] = Policy });
    }

    private async Task ReloadAsync(string? policy, string words, bool isAnnounced = true)
    {
        if (policy is not null)
        {
            File.Move(_folder.Write("new.yaml", policy), Policy, overwrite: true);
        }

        var from = _installation.Agent.Lines.Count;
        _installation.Agent.Hangup();
        await _installation.Agent.WaitForLineAsync(words, Token, from: from);
        if (isAnnounced)
        {
            await _installation.Agent.WaitForLineAsync("The connection was closed to register anew", Token, from: from);
            await _installation.Agent.WaitForLineAsync("Connected to", Token, from: from);
        }
    }

    private async Task<string> ErrorAsync(string action, string container) =>
        (await Should.ThrowAsync<OperationFailedException>(() => _installation.OperateAsync(action, container, Token, new() { ["new_name"] = "x" }))).Message;
}
