using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Agent.Policies.Reading;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Create;

/// <summary>Whether what a container has by names is found out, and what an update of one is judged by.</summary>
public sealed class CreateGateTests : IAsyncDisposable
{
    private readonly LogCapture _log = new();
    private readonly ScriptedEngine _engine = new(
        ("/info", 200, """{"DockerRootDir":"/big/docker","DefaultRuntime":"runc","CgroupVersion":"2"}"""),
        ("/volumes/plain", 200, """{"Name":"plain","Driver":"local","Options":null}"""),
        ("/volumes/hostly", 200, """{"Name":"hostly","Driver":"local","Options":{"type":"none","o":"bind","device":"/etc"}}"""),
        ("/volumes", 200, """{"Volumes":[{"Name":"bound","Driver":"local","Options":{"type":"none","o":"bind","device":"/srv/b"}},{"Name":"plain"}]}"""),
        ("/containers/json?all=1", 200, """
            [{"Id":"one","Names":["/one"],"Mounts":[{"Type":"bind","Source":"/srv/a/","RW":true},{"Type":"bind","Source":"/srv/read","RW":false}]},
             {"Id":"two","Names":["/two"],"Mounts":[{"Type":"volume","Name":"bound","Source":"/big/docker/volumes/bound/_data","RW":true},
              {"Type":"volume","Name":"plain","Source":"/big/docker/volumes/plain/_data","RW":true},{"Type":"bind","Source":"/","RW":true}]}]
            """),
        ("/networks/mine", 200, """{"Name":"mine","Driver":"bridge"}"""),
        ("/networks/0123", 200, """{"Name":"host","Driver":"host"}"""),
        ("/containers/plain/json", 200, """{"Id":"p","Name":"/plain","Config":{},"HostConfig":{"NetworkMode":"bridge"}}"""),
        ("/containers/mounts/json", 200, """{"Id":"m","Name":"/mounts","Config":{},"HostConfig":{"Binds":["/etc:/x","hostly:/y"]}}"""),
        ("/containers/chain/json", 200, """{"Id":"c","Name":"/chain","Config":{},"HostConfig":{"VolumesFrom":["mounts"],"NetworkMode":"container:net"}}"""),
        ("/containers/net/json", 200, """{"Id":"n","Name":"/net","Config":{},"HostConfig":{"NetworkMode":"host","PidMode":"container:net"}}"""),
        ("/containers/all/json", 200, """{"Id":"a","Name":"/all","Config":{},"HostConfig":{"Privileged":true}}"""));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Theory]
    [InlineData("""{"Binds":["plain:/x","nowhere:/y"]}""", null)]
    [InlineData("""{"Binds":["hostly:/x"]}""", "mounts /etc (by volume hostly) (create.host_paths.allow)")]
    [InlineData("""{"Mounts":[{"Type":"volume","Source":"hostly","Target":"/x"}]}""", "mounts /etc (by volume hostly) (create.host_paths.allow)")]
    [InlineData("""{"NetworkMode":"mine"}""", null)]
    [InlineData("""{"NetworkMode":"0123"}""", "shares the host's network namespace (by network 0123) (create.host_namespaces)")]
    [InlineData("""{"VolumesFrom":["plain"]}""", null)]
    [InlineData("""{"VolumesFrom":["mounts:ro"]}""", "mounts /etc (by volumes_from mounts) (create.host_paths.allow)")]
    [InlineData("""{"VolumesFrom":["chain"]}""", "mounts /etc (by volumes_from chain) (create.host_paths.allow)")]
    [InlineData(
        """{"NetworkMode":"container:chain"}""",
        "shares the host's network namespace (by the network of container chain) (create.host_namespaces)")]
    [InlineData("""{"IpcMode":"container:all"}""", null)]
    [InlineData("""{"PidMode":"container:all"}""", "is privileged (by the processes of container all) (create.privileged)")]
    public async Task What_a_container_has_by_a_name_is_asked_of_the_engine(string host, string? refusal)
    {
        var gate = Gate("create: { privileged: false, host_namespaces: false, host_paths: { allow: [/srv] } }");
        var settings = EngineSettings.Read(new JsonObject { ["Image"] = "app", ["HostConfig"] = JsonNode.Parse(host) }, "container web");
        var error = await ErrorAsync(gate.EnsureAllowedAsync("create", () => [settings], Token));
        error.ShouldBe(refusal is null ? "" : $"refused by this host's policy: container web {refusal}");
    }

    [Theory]
    [InlineData("/big/docker/volumes", "mounts /big/docker/volumes (create.host_paths: protected by default)")]
    [InlineData("/data/bin", "mounts /data/bin (create.host_paths: protected by default)")]
    [InlineData("/etc/dockmon-agent", "mounts /etc/dockmon-agent, which has /etc/dockmon-agent/policy.yaml in it (create.host_paths: protected by default)")]
    [InlineData("/proc/1/root", "mounts /proc/1/root (create.host_paths: protected by default)")]
    [InlineData("/opt", null)]
    public async Task What_is_the_engines_the_agents_or_the_kernels_is_not_allowed_by_a_pattern_for_much(string path, string? refusal) =>
        (await ErrorAsync(Gate("create: { host_paths: { allow: [/**] } }").EnsureAllowedAsync("create", () => [Settings(path + ":/x")], Token)))
        .ShouldBe(refusal is null ? "" : $"refused by this host's policy: container web {refusal}");

    [Theory]
    [InlineData("/srv/a:/x", null)]
    [InlineData("/srv/ab:/x", null)]
    [InlineData("/srv/read/sub:/x", null)]
    [InlineData("/srv/a/sub:/x:ro", "mounts /srv/a/sub, which lies in /srv/a, where container one could put a link")]
    [InlineData("/srv/b/sub:/x", "mounts /srv/b/sub, which lies in /srv/b, where container two could put a link")]
    [InlineData("/srv:/x:ro", null)]
    [InlineData("/srv/read:/x", null)]
    [InlineData("/srv:/x", "mounts /srv, where it could put a link in the place of /srv/a, which container one has: "
        + "mount it read-only, or remove that container first")]
    public async Task A_container_has_nothing_below_what_another_one_may_write_to(string bind, string? refusal) =>
        (await ErrorAsync(Gate("create: { host_paths: { allow: [/srv] } }").EnsureAllowedAsync("create", () => [Settings(bind)], Token)))
        .ShouldBe(refusal is null ? "" : $"refused by this host's policy: container web {refusal} (create.host_paths)");

    [Fact]
    public async Task A_container_that_is_replaced_does_not_count()
    {
        var gate = Gate("create: { host_paths: { allow: [/srv] } }");
        await gate.EnsureAllowedAsync("update_container", () => [Settings("/srv/a/sub:/x")], Token, replaced: "one");
    }

    [Fact]
    public async Task Without_rules_nothing_is_asked()
    {
        await Gate("deny: [shell]").EnsureAllowedAsync("create", () => throw new InvalidOperationException(), Token);
        _engine.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_policy_that_is_not_enforced_says_what_it_would_refuse_and_what_it_cannot_judge()
    {
        var gate = Gate("enforce: false\ncreate: { host_paths: false }");
        await gate.EnsureAllowedAsync("create", () => [Settings("/etc:/x")], Token);
        _log.Text.ShouldContain("create would be refused if the policy were enforced: container web mounts /etc (create.host_paths.allow)");
        _engine.Set("/info", "{}", 500);
        await gate.EnsureAllowedAsync("create", () => [Settings("/etc:/x")], Token);
        _log.Text.ShouldContain("create could not be judged, and is done because the policy is not enforced");
    }

    [Fact]
    public async Task What_the_engine_does_not_tell_is_not_allowed()
    {
        _engine.Set("/volumes/plain", "{}", 500);
        var judging = Gate("create: { host_paths: false }").EnsureAllowedAsync("create", () => [Settings("plain:/x")], Token);
        await Should.ThrowAsync<DockMon.Engine.EngineException>(judging);
    }

    [Theory]
    [InlineData("nginx:1", "nginx:2", null)]
    [InlineData("nginx:1", "docker.io/library/nginx@sha256:0123", null)]
    [InlineData("nginx:1", "evil/nginx:2", "container web is privileged; container web mounts /etc (create.privileged, create.host_paths.allow)")]
    [InlineData("sha256:0123", "nginx:2", "container web is privileged; container web mounts /etc (create.privileged, create.host_paths.allow)")]
    [InlineData("bad:1", "bad:2", "container web has the image docker.io/library/bad:2 (create.images.deny)")]
    public async Task An_update_to_another_repository_is_judged_like_a_new_container(string image, string newImage, string? refusal)
    {
        var container = (JsonObject)JsonNode.Parse(
            $$$"""{"Id":"{{{new string('a', 64)}}}","Name":"/web","Config":{"Image":"{{{image}}}"},"HostConfig":{"Privileged":true,"Binds":["/etc:/x"]}}""")!;
        var gate = Gate("create: { privileged: false, host_paths: false, images: { deny: [bad] } }");
        (await ErrorAsync(gate.EnsureUpdateAllowedAsync(container, newImage, Token)))
            .ShouldBe(refusal is null ? "" : $"refused by this host's policy: {refusal}");
    }

    [Theory]
    [InlineData("app:1", "app:2", true)]
    [InlineData("app:1", "evil/app:2", false)]
    public async Task An_update_to_another_repository_needs_that_containers_may_be_created(string image, string newImage, bool isAllowed)
    {
        var container = (JsonObject)JsonNode.Parse($$$"""{"Id":"{{{new string('a', 64)}}}","Name":"/web","Config":{"Image":"{{{image}}}"},"HostConfig":{}}""")!;
        (await ErrorAsync(Gate("", "operate").EnsureUpdateAllowedAsync(container, newImage, Token))).ShouldBe(isAllowed ? "" :
            "refused by this host's policy: container web would get the image evil/app:2, which is of another repository than app:1: create is not allowed "
            + "(mode: operate)");
        (await ErrorAsync(Gate("allow: [create]", "operate").EnsureUpdateAllowedAsync(container, newImage, Token))).ShouldBe("");
        (await ErrorAsync(Gate("enforce: false", "operate").EnsureUpdateAllowedAsync(container, newImage, Token))).ShouldBe("");
    }

    [Fact]
    public async Task An_image_that_is_not_allowed_is_not_pulled() =>
        (await ErrorAsync(Gate("create: { images: { allow: [ghcr.io/acme/**] } }").EnsureImageAllowedAsync("pull_image", "nginx")))
        .ShouldBe("refused by this host's policy: pull_image has the image docker.io/library/nginx:latest (create.images.allow)");

    private static EffectiveSettings Settings(string bind) =>
        EngineSettings.Read(new JsonObject { ["HostConfig"] = new JsonObject { ["Binds"] = new JsonArray(bind) } }, "container web");

    private static async Task<string> ErrorAsync(Task task)
    {
        try
        {
            await task;
            return "";
        }
        catch (CommandException e)
        {
            return e.Message;
        }
    }

    private CreateGate Gate(string policy, string mode = "full")
    {
        var (read, errors) = PolicyReader.Read($"mode: {mode}\n{policy}", "test");
        errors.ShouldBeEmpty();
        return Gates.CreateGate(read!, _engine.Client, _log);
    }
}
