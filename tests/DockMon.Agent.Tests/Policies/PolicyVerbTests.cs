using DockMon.Agent.Policies;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies;

public sealed class PolicyVerbTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly ScriptedEngine _engine = new(
        ("/containers/web/json", 200, """{"Id":"aaaaaaaaaaaa","Name":"/web","Image":"sha256:1","Config":{"Image":"nginx:1","Labels":{"team":"a"}}}"""),
        ("/images/sha256%3A1/json", 200, """{"Id":"sha256:1","Config":{}}"""));

    private string Text => _output.ToString();

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _output.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_policy_is_told_in_words()
    {
        Write("""
            mode: operate
            allow: [prune_images]
            deny: [kill]
            create: { privileged: false, host_paths: { allow: [/srv/**], deny: [/srv/secret] }, images: { allow: [ghcr.io/acme/**] } }
            containers:
              - { match: { name: "postgres*" }, allow: [restart] }
              - { match: { label: hidden=true }, hide: true }
            """);
        (await RunAsync("check")).ShouldBe(0);
        Text.ShouldContain("mode operate: the server may look, and start, stop");
        Text.ShouldContain("allowed beside that: prune_images");
        Text.ShouldContain("refused, whatever else is said: kill");
        Text.ShouldContain("no privileged ones; paths of the host: only /srv/**, but not /srv/secret; images: only ghcr.io/acme/**");
        Text.ShouldContain("containers with the name postgres*: observing and restart only");
        Text.ShouldContain("otherwise, containers with the label hidden=true: hidden from the server");
        Text.ShouldContain("refused: create, create_network, create_volume,");
    }

    [Fact]
    public async Task All_errors_are_told_and_the_exit_code_says_so()
    {
        Write("mod: full\ndeny: [shel]");
        (await RunAsync("check")).ShouldBe(1);
        Text.ShouldContain("cannot be used, and an agent with it allows nothing but observing:");
        Text.ShouldContain("line 1: unknown key \"mod\"");
        Text.ShouldContain("line 2: deny[0]: unknown action \"shel\"");
    }

    [Fact]
    public async Task A_draft_is_checked_wherever_it_is()
    {
        var draft = _folder.Write("draft/policy.yaml", "mode: observe");
        (await RunAsync("check", draft)).ShouldBe(0);
        Text.ShouldNotContain("would not use it");
        File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        (await RunAsync("check", draft)).ShouldBe(0);
        Text.ShouldContain("Where it is now the agent would not use it: others than its owner can write to");
        (await RunAsync("check", _folder.File("nothing"))).ShouldBe(1);
    }

    [Fact]
    public async Task The_file_of_the_agent_itself_has_to_be_trusted()
    {
        Write("mode: observe");
        File.SetUnixFileMode(_folder.File("policy.yaml"), UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        (await RunAsync("check")).ShouldBe(1);
        (await RunAsync("check", _folder.File("policy.yaml"))).ShouldBe(1);
    }

    [Theory]
    [InlineData("stop", null, 0, "stop: allowed (mode: operate)")]
    [InlineData("shell", null, 1, "shell: refused by this host's policy: shell is not allowed (mode: operate)")]
    [InlineData("stop", "web", 1, "stop: refused by this host's policy: stop is not allowed on web (containers[0] label=team)")]
    [InlineData("restart", "web", 0, "restart: allowed (containers[0] label=team)")]
    [InlineData("operate", "web", 1, "pause: refused")]
    [InlineData("restart", "nobody", 1, "there is no container nobody")]
    [InlineData("stopp", null, 2, "unknown action \"stopp\" (did you mean stop?)")]
    public async Task What_would_happen_is_told_and_why(string action, string? container, int code, string words)
    {
        Write("mode: operate\ncontainers: [{ match: { label: team }, allow: [restart] }]");
        (await RunAsync(container is null ? ["explain", action] : ["explain", action, container])).ShouldBe(code);
        Text.ShouldContain(words);
    }

    [Fact]
    public async Task Without_a_policy_that_is_said()
    {
        (await RunAsync("explain", "shell")).ShouldBe(1, "POLICY_FILE names a file that is not there");
        Text.ShouldContain("shell is not allowed until the policy can be read");
        (await RunAsync("what")).ShouldBe(2);
        Text.ShouldContain("usage: dockmon-agent policy check");
    }

    private void Write(string text) => _folder.Write("policy.yaml", text);

    private Task<int> RunAsync(params string[] options) => PolicyVerb.RunAsync(
        options,
        _output,
        name => name switch
        {
            "POLICY_FILE" => _folder.File("policy.yaml"),
            "DOCKER_HOST" => "unix://" + _engine.SocketPath,
            _ => null,
        },
        TimeProvider.System);
}
