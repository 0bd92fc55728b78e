using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class SelfContainerTests : IDisposable
{
    private const string Id = "efb225eae0e5807ec9f45533e6c5598e13b9f197ce11f9fe3fd9c3964d86d6ed";
    private const string Other = "6767214d9d608be81fe88a0890e8f691614ccc3667f5afd42efb37a57d8ae3b3";

    private readonly TemporaryFolder _proc = new();
    private readonly LogCapture _log = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public async Task A_container_the_engine_confirms_is_the_agents_own()
    {
        _proc.Write("proc/self/mountinfo", MountOf(Id));
        await using var engine = new ScriptedEngine(Inspection(Id, Id));

        (await DetectAsync(engine)).ShouldBe(new SelfContainer(Id, "agent", "dockmon-agent:3", "host"));
    }

    [Fact]
    public async Task Outside_of_containers_there_is_none()
    {
        _proc.Write("proc/self/cgroup", "0::/user.slice");
        await using var engine = new ScriptedEngine();

        (await DetectAsync(engine, hostname: "server1")).ShouldBeNull();
    }

    [Fact]
    public async Task A_container_of_another_engine_is_passed_over_for_the_next()
    {
        _proc.Write("proc/self/cgroup", $"1:pids:/docker/{Id}/docker/{Other}");
        await using var engine = new ScriptedEngine(Inspection(Id, Id));

        (await DetectAsync(engine))!.Id.ShouldBe(Id);
    }

    [Fact]
    public async Task The_control_group_goes_before_mounts_that_a_shared_network_brings_along()
    {
        _proc.Write("proc/self/cgroup", $"0::/system.slice/docker-{Id}.scope");
        _proc.Write("proc/self/mountinfo", MountOf(Other));
        await using var engine = new ScriptedEngine(Inspection(Id, Id), Inspection(Other, Other));

        (await DetectAsync(engine))!.Id.ShouldBe(Id);
    }

    [Fact]
    public async Task What_a_shared_network_brings_along_is_told_apart_by_the_layer_that_is_written_to()
    {
        // In a namespace of control groups nothing else tells who it is: mounts and host name are the other one's.
        _proc.Write("proc/self/cgroup", "0::/");
        _proc.Write("proc/self/mountinfo", RootOn("mine") + MountOf(Other));
        await using var engine = new ScriptedEngine(
            Inspection(Other, Other, "theirs"),
            Inspection(Id, Id, "mine"),
            ("/containers/json?all=0", 200, $$"""[{"Id":"{{Other}}","ImageID":"i"},{"Id":"{{Id}}","ImageID":"i"}]"""));

        (await DetectAsync(engine, hostname: Other[..12]))!.Id.ShouldBe(Id);
    }

    [Fact]
    public async Task Nobody_is_taken_for_the_agent_whose_layer_is_another()
    {
        _proc.Write("proc/self/mountinfo", RootOn("mine") + MountOf(Other));
        await using var engine = new ScriptedEngine(
            Inspection(Other, Other, "theirs"),
            ("/containers/json?all=0", 200, $$"""[{"Id":"{{Other}}","ImageID":"i"}]"""));

        (await DetectAsync(engine)).ShouldBeNull();
    }

    [Fact]
    public async Task A_host_name_finds_by_id_and_not_by_the_name_of_a_container()
    {
        await using var byId = new ScriptedEngine(Inspection("efb225eae0e5", Id));
        await using var byName = new ScriptedEngine(Inspection("efb225eae0e5", Other));

        (await DetectAsync(byId, hostname: "efb225eae0e5"))!.Id.ShouldBe(Id);
        (await DetectAsync(byName, hostname: "efb225eae0e5")).ShouldBeNull();
    }

    [Fact]
    public async Task A_proxy_that_forbids_inspecting_is_told_of_and_ends_nothing()
    {
        _proc.Write("proc/self/mountinfo", MountOf(Id));
        await using var engine = new ScriptedEngine(($"/containers/{Id}/json", 403, "Forbidden"));

        (await DetectAsync(engine)).ShouldBeNull();
        _log.Text.ShouldContain("does not let container efb225eae0e5 be inspected");
    }

    [Fact]
    public async Task An_engine_that_cannot_be_asked_is_no_answer()
    {
        _proc.Write("proc/self/mountinfo", MountOf(Id));
        using var client = new EngineClient(EngineEndpoint.FromEnvironment("unix://" + _proc.File("no.sock"), null, null), TimeProvider.System);

        await Should.ThrowAsync<EngineUnavailableException>(
            () => SelfContainer.DetectAsync(client, new Machine(_proc.Path), null, _log, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task An_engine_that_answers_with_an_error_that_may_pass_has_not_answered(int status)
    {
        _proc.Write("proc/self/mountinfo", MountOf(Id));
        await using var engine = new ScriptedEngine(($"/containers/{Id}/json", status, """{"message":"starting"}"""));

        await Should.ThrowAsync<EngineException>(() => DetectAsync(engine));
    }

    [Theory]
    [InlineData(Id, true)]
    [InlineData("efb225eae0e5", true)]
    [InlineData("agent", true)]
    [InlineData("/agent", true)]
    [InlineData("efb225eae0e", false)]
    [InlineData("age", false)]
    [InlineData("", false)]
    [InlineData(Other, false)]
    public void The_agents_own_container_is_known_by_id_short_id_and_name(string reference, bool itself) =>
        new SelfContainer(Id, "agent", "image", "bridge").Is(reference).ShouldBe(itself);

    private static string MountOf(string id) => $"512 501 254:0 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 /dev/vda rw\n";

    private static string RootOn(string layer) =>
        "199 75 0:40 / / rw,relatime master:5 - overlay overlay "
        + $"rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B,upperdir=/var/lib/docker/overlay2/{layer}/diff,"
        + $"workdir=/var/lib/docker/overlay2/{layer}/work\n";

    private static (string Path, int Status, string Body) Inspection(string asked, string id, string layer = "") => (
        $"/containers/{asked}/json", 200,
        $$$"""{"Id":"{{{id}}}","Name":"/agent","Image":"sha256:0","Config":{"Image":"dockmon-agent:3"},"HostConfig":"""
        + $$$"""{"NetworkMode":"host"},"GraphDriver":"""
        + $$$"""{"Data":{{{(layer.Length == 0 ? "null" : $$"""{"UpperDir":"/var/lib/docker/overlay2/{{layer}}/diff"}""")}}}} }""");

    private Task<SelfContainer?> DetectAsync(ScriptedEngine engine, string? hostname = null) =>
        SelfContainer.DetectAsync(engine.Client, new Machine(_proc.Path), hostname, _log, TestContext.Current.CancellationToken);
}
