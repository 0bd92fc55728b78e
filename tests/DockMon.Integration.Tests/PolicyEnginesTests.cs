using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What a policy refuses, hides, redacts and lets wait, on engines that answer otherwise than this machine's: a newer Docker, and Podman.</summary>
public sealed class PolicyEnginesTests
{
    private const string Policy = """
        mode: full
        redact: ["*PASSWORD*"]
        containers:
          - match: { label: "dockmon.test.hidden=true" }
            hide: true
        create:
          privileged: false
          host_namespaces: false
          host_paths: { allow: [/srv/**] }
          capabilities: { deny: [SYS_ADMIN] }
          devices: false
          security_options: false
        updates: { min_age: 3d }
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("DOCKMON_TEST_ENGINE26")]
    [InlineData("DOCKMON_TEST_PODMAN")]
    public async Task It_holds_there_as_well(string variable)
    {
        var host = Environment.GetEnvironmentVariable(variable) ?? "";
        Assert.SkipWhen(host.Length == 0, $"{variable} names no engine.");
        var docker = new DockerCli(host);
        using var folder = new TemporaryFolder();
        await using var containers = new TestContainers(docker, "dockmon-engines");
        await using var installation = await Installation.StartAsync(
            Token, host, new Dictionary<string, string> { ["POLICY_FILE"] = folder.Write("policy.yaml", Policy) });

        await HidesAndRedactsAsync(installation, containers);
        await RefusesAsync(installation, containers);
        await LetsWaitAsync(installation, docker, containers);
    }

    private static async Task HidesAndRedactsAsync(Installation installation, TestContainers containers)
    {
        var hidden = containers.NewName();
        var id = await containers.RunAsync([], Token, ["--label", "dockmon.test.hidden=true"], hidden);
        var seen = await containers.RunAsync(["sh", "-c", "sleep 3600", "--password=hunter1"], Token, ["-e", "DB_PASSWORD=hunter2"]);
        var list = (await installation.CommandAsync("list_containers", Token)).GetRawText();
        list.ShouldContain(seen);
        list.ShouldNotContain(id);
        list.ShouldNotContain(hidden);
        list.ShouldNotContain("hunter");
        (await installation.OperateAsync("inspect", seen, Token)).GetRawText().ShouldNotContain("hunter");
        foreach (var reference in new[] { hidden, id, id[..12] })
        {
            (await ErrorAsync(installation, "stop", reference)).ShouldBe(
                (await ErrorAsync(installation, "stop", "dockmon-nobody")).Replace("dockmon-nobody", reference, StringComparison.Ordinal));
        }

        (await VolumesOfAsync(hidden)).ShouldBe((await VolumesOfAsync("dockmon-nobody")).Replace("dockmon-nobody", hidden, StringComparison.Ordinal));

        Task<string> VolumesOfAsync(string reference) => ErrorAsync(installation, "create", "", new()
        {
            ["config"] = new JsonObject { ["image"] = TestImage.Name, ["volumes_from"] = new JsonArray(reference) },
        });
    }

    private static async Task RefusesAsync(Installation installation, TestContainers containers)
    {
        var owners = await containers.CreateAsync([], Token, ["-v", "/etc:/x", "--network", "host"]);
        (string Option, JsonNode Value)[] ways =
        [
            ("privileged", true),
            ("volumes", new JsonArray("/etc:/x")),
            ("volumes", new JsonArray("/srv/../etc:/x:ro")),
            ("network_mode", "host"),
            ("pid_mode", "host"),
            ("cap_add", new JsonArray("ALL")),
            ("devices", new JsonArray("/dev/null:/dev/x")),
            ("security_opt", new JsonArray("seccomp=unconfined")),
            ("volumes_from", new JsonArray(owners)),
            ("network_mode", "container:" + owners),
        ];
        foreach (var (option, value) in ways)
        {
            var config = new JsonObject { ["image"] = TestImage.Name, [option] = value };
            (await ErrorAsync(installation, "create", "", new() { ["config"] = config })).ShouldContain("refused by this host's policy", customMessage: option);
        }

        var name = containers.NewName();
        containers.Own(name);
        var allowed = new JsonObject { ["image"] = TestImage.Name, ["name"] = name, ["command"] = "true" };
        await installation.OperateAsync("create", "", Token, new() { ["config"] = allowed });
    }

    private static async Task LetsWaitAsync(Installation installation, DockerCli docker, TestContainers containers)
    {
        // Made on this machine's engine, as Podman makes none for Docker's client, and pulled by the other one.
        var here = new DockerCli();
        await using var registry = await LocalRegistry.StartAsync(Token);
        var image = await registry.PublishAsync(here, "app:live", ["ENV V=1", "CMD [\"sleep\",\"3601\"]"], Token);
        var name = containers.NewName();
        containers.Own(name);
        await docker.RunAsync(["pull", image], Token);
        var old = await ImageIdAsync(docker, image);
        var id = await docker.RunAsync(["run", "-d", "--init", "--name", name, image], Token);
        await registry.PublishAsync(here, "app:live", ["ENV V=2", "CMD [\"sleep\",\"3602\"]"], Token);

        var payload = new JsonObject { ["container_id"] = name, ["new_image"] = image, ["stop_timeout"] = 1 };
        (await installation.UpdateAsync(payload, Token)).Data.ShouldContain("has seen the present image of");
        (await docker.RunAsync(["inspect", "--format", "{{.Id}} {{.State.Status}}", name], Token)).ShouldBe($"{id} running");
        (await ImageIdAsync(docker, image)).ShouldBe(old);
        await docker.TryRunAsync(["rm", "-f", name], Token);
        await docker.TryRunAsync(["rmi", "-f", image, old], Token);
        await here.TryRunAsync(["rmi", "-f", image], Token);
    }

    private static async Task<string> ImageIdAsync(DockerCli docker, string image) =>
        await docker.RunAsync(["image", "inspect", "--format", "{{.Id}}", image], Token);

    private static async Task<string> ErrorAsync(Installation installation, string action, string container, JsonObject? more = null) =>
        (await Should.ThrowAsync<OperationFailedException>(() => installation.OperateAsync(action, container, Token, more ?? []))).Message;
}
