using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy;

public sealed class ComposePartsTests
{
    [Theory]
    [InlineData("2.26.1-4\n", "2.26.1")]
    [InlineData("v2.39.1", "2.39.1")]
    [InlineData("1.29.2", "1.29.2")]
    [InlineData("5.0.0-rc.1", "5.0.0")]
    [InlineData("docker-compose: not found", null)]
    public void Versions_are_read_as_compose_writes_them(string text, string? version) => ComposeTool.ParseVersion(text)?.ToString().ShouldBe(version);

    [Fact]
    public void Every_argument_stands_by_itself()
    {
        var compose = new ComposeArguments(
            new ComposeTool("compose", new Version(2, 26)),
            "shop",
            "/s/shop/docker-compose.yml",
            "/s/shop/.env",
            "/host/shop",
            ["a b", "$(id)"]);
        string[] common = [
            "--ansi",
            "never",
            "--progress",
            "plain",
            "--project-name",
            "shop",
            "--file",
            "/s/shop/docker-compose.yml",
            "--project-directory",
            "/host/shop",
            "--env-file",
            "/s/shop/.env",
            "--profile",
            "a b",
            "--profile",
            "$(id)"
        ];
        compose.Up(forceRecreate: false).ShouldBe([.. common, "up", "-d"]);
        compose.Up(forceRecreate: true).ShouldBe([.. common, "up", "-d", "--force-recreate"]);
        compose.Down(volumes: true).ShouldBe([.. common, "down", "--volumes"]);
        compose.Restart.ShouldBe([.. common, "restart"]);
        (compose with { Tool = new ComposeTool("compose", new Version(1, 29)), EnvFile = null, Profiles = [] }).Pull
            .ShouldBe(["--ansi", "never", "--project-name", "shop", "--file", "/s/shop/docker-compose.yml", "--project-directory", "/host/shop", "pull"]);
    }

    [Theory]
    [InlineData(null, "https://index.docker.io/v1/")]
    [InlineData("", "https://index.docker.io/v1/")]
    [InlineData("docker.io", "https://index.docker.io/v1/")]
    [InlineData("index.docker.io", "https://index.docker.io/v1/")]
    [InlineData("https://index.docker.io/v1/", "https://index.docker.io/v1/")]
    [InlineData("registry.example.com:5000", "registry.example.com:5000")]
    [InlineData("https://registry.example.com:5000/v2/", "registry.example.com:5000")]
    public void Registries_have_the_names_that_Docker_looks_for(string? registry, string key) => RegistryConfig.Key(registry).ShouldBe(key);

    [Fact]
    public void Credentials_are_in_a_directory_of_the_owner_and_gone_afterwards()
    {
        using var data = new TemporaryFolder();
        RegistryConfig.Write(data.Path, [], NullLogger.Instance).ShouldBeNull();
        string folder;
        using (var config = RegistryConfig.Write(
            data.Path,
            [new RegistryCredentials { RegistryUrl = "r:5000", Username = "me", Password = "p:\"ä" }],
            NullLogger.Instance).ShouldNotBeNull())
        {
            folder = config.Folder;
            foreach (var entered in new[] { folder, Path.GetDirectoryName(folder)! })
            {
                File.GetUnixFileMode(entered).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            var file = Path.Combine(folder, "config.json");
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            JsonDocument.Parse(File.ReadAllBytes(file)).RootElement
                .GetProperty("auths")
                .GetProperty("r:5000")
                .GetProperty("auth")
                .GetBytesFromBase64()
                .ShouldBe(Encoding.UTF8.GetBytes("me:p:\"ä"));
        }

        Directory.Exists(folder).ShouldBeFalse();
    }

    [Theory]
    [InlineData(" Network p_default  Creating", "creating_networks", "Network p_default: creating")]
    [InlineData(" Volume \"p_data\"  Created", "creating_volumes", "Volume p_data: created")]
    [InlineData(" Container p-web-1  Creating", "creating", "Container p-web-1: creating")]
    [InlineData(" Container p-web-1 Started ", "starting", "Container p-web-1: started")]
    [InlineData(" Container p-web-1  Healthy", "health_check", "Container p-web-1: healthy")]
    [InlineData(" Network p_default  Removed", "starting", "Network p_default: removed")]
    [InlineData(" web Pulling ", "pulling_image", "web Pulling")]
    [InlineData("Creating network \"p_default\" with the default driver", "creating_networks", "Creating network \"p_default\" with the default driver")]
    [InlineData("Creating p_web_1 ... done", "creating", "Creating p_web_1 ... done")]
    [InlineData("Pulling web (busybox:latest)...", "pulling_image", "Pulling web (busybox:latest)...")]
    public void Compose_says_how_it_gets_on(string line, string stage, string message) => ComposeProgress.Parse(line).ShouldBe((stage, message));

    [Fact]
    public void An_error_is_what_compose_said_without_its_progress()
    {
        ComposeProgress.Parse(" 0123abc Downloading 5MB").ShouldBeNull();
        ComposeProgress.Error([" Container p-web-1  Creating", "dependency failed to start: container p-db-1 is unhealthy", ""])
            .ShouldBe("dependency failed to start: container p-db-1 is unhealthy");
        ComposeProgress.Error([]).ShouldBe("it said nothing");
        ComposeProgress.Error([new string('x', 5000)]).Length.ShouldBe(2001);
    }

    [Theory]
    [InlineData("shop", true)]
    [InlineData("1_a-b", true)]
    [InlineData("", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("Shop", false)]
    [InlineData("-a", false)]
    [InlineData("a\n", false)]
    public void A_project_name_cannot_lead_elsewhere(string name, bool good) => StackFolder.IsProjectName(name).ShouldBe(good);

    [Theory]
    [InlineData("../.env")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("docker-compose.yml")]
    public void An_env_file_is_nothing_but_a_plain_name(string name) => Should.Throw<CommandException>(() => StackFolder.CheckEnvNames([".env", name]));

    [Fact]
    public void Replicas_are_numbered_and_what_does_not_run_is_named()
    {
        var containers = ProjectContainers.ByName([
            Container("web", 1, "running"),
            Container("web", 2, "running"),
            Container("web-2", 1, "exited"),
            Container("job", 1, "exited", code: 2),
            Container("db", 1, "running", health: "starting")
        ]);
        containers.Keys.ShouldBe(["web", "web-2", "p-web-2-1", "job", "db"]);
        ComposeService[] expected = [new("web", [], 2, []), new("cache", [], 1, []), new("none", [], 0, [])];
        ProjectContainers.Failed(containers, expected, healthy: false).ShouldBe(["job", "cache"]);
        ProjectContainers.Failed(containers, expected, healthy: true).ShouldBe(["job", "db", "cache"]);
    }

    [Theory]
    [InlineData("/data/stacks", "/var/lib/docker/volumes/agent/_data/stacks")]
    [InlineData("/data/inner/stacks", "/srv/inner/stacks")]
    [InlineData("/database", null)]
    public void The_hosts_path_is_that_of_the_innermost_mount(string path, string? host) =>
        HostPath.Translate(path, [
            new ContainerMount { Destination = "/data", Source = "/var/lib/docker/volumes/agent/_data" },
            new ContainerMount { Destination = "/data/inner", Source = "/srv/inner/" }
        ]).ShouldBe(host);

    [Fact]
    public void Compose_sees_no_variable_of_the_agents_own()
    {
        var variables = new Dictionary<string, string>
        {
            ["DOCKMON_URL"] = "ws://x",
            ["PERMANENT_TOKEN"] = "secret",
            ["PATH"] = "/bin",
            ["HOME"] = "/root",
            ["DOCKER_HOST"] = "unix:///x",
            ["DOCKER_TLS_VERIFY"] = "False"
        };
        ComposeEnvironment.Build(AgentOptions.Load(variables.GetValueOrDefault).Options, "/tmp/c", variables.GetValueOrDefault)
            .ShouldBe(new Dictionary<string, string>
            {
                ["PATH"] = "/bin",
                ["HOME"] = "/root",
                ["DOCKER_CONFIG"] = "/tmp/c",
                ["DOCKER_HOST"] = "unix:///x",
                ["DOCKER_TLS_VERIFY"] = "False",
                // Set, so that no project's .env sets them.
                ["DOCKER_CONTEXT"] = "",
                ["LD_AUDIT"] = "",
                ["LD_LIBRARY_PATH"] = "",
                ["LD_PRELOAD"] = "",
            }, ignoreOrder: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Several_env_files_are_a_matter_of_the_protocol_and_not_of_what_is_installed(bool hasCompose)
    {
        var variables = new Dictionary<string, string> { ["DOCKMON_URL"] = "ws://x" };
        var options = AgentOptions.Load(variables.GetValueOrDefault).Options;
        var capabilities = HostRegistration.CapabilitiesOf(options, HostPolicy.Unrestricted, isContainer: false, hasCompose);
        capabilities["multi_env_files"].ShouldBeTrue();
        capabilities["compose_deployments"].ShouldBe(hasCompose);
    }

    private static ProjectContainer Container(string service, int number, string status, int code = 0, string? health = null) =>
        new(
            service,
            number,
            "id",
            $"p-{service}-{number}",
            "image",
            new ContainerState { Status = status, ExitCode = code, Health = health is null ? null : new ContainerHealth { Status = health } });
}
