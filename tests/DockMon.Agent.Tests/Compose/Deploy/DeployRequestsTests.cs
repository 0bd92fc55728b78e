using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy;

public sealed class DeployRequestsTests
{
    private static readonly DeployComposeRequest Good = new() { DeploymentId = "d1", ProjectName = "shop", ComposeContent = "services: {}" };

    [Theory]
    [InlineData(null)]
    [InlineData("up")]
    [InlineData("down")]
    [InlineData("restart")]
    public void A_request_for_a_known_action_is_good(string? action) => Should.NotThrow(() => DeployRequests.Check(Good with { Action = action }));

    [Fact]
    public void Only_up_needs_the_content()
    {
        Should.NotThrow(() => DeployRequests.Check(Good with { Action = "down", ComposeContent = null }));
        Refuses(Good with { Action = "up", ComposeContent = " " }, "compose_content is missing");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void A_deployment_without_an_id_could_never_be_told_of(string? id) => Refuses(Good with { DeploymentId = id }, "deployment_id is missing");

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Shop")]
    [InlineData("-shop")]
    [InlineData("../shop")]
    [InlineData("shop\n")]
    [InlineData("sh op")]
    [InlineData("shöp")]
    public void A_project_has_a_name_that_compose_takes(string? name) => Refuses(Good with { ProjectName = name }, $"project_name \"{name}\" is not one");

    [Theory]
    [InlineData("")]
    [InlineData("UP")]
    [InlineData("exec")]
    [InlineData("up --force")]
    public void An_action_that_is_none_is_named(string action) => Refuses(Good with { Action = action }, $"unknown action: {action}");

    [Theory]
    [InlineData("")]
    [InlineData("--file")]
    [InlineData("-v")]
    public void A_profile_is_never_an_argument_of_compose(string profile) =>
        Refuses(Good with { Profiles = ["good", profile] }, $"\"{profile}\" is not a profile's name");

    [Theory]
    [InlineData("../.env")]
    [InlineData("a/b")]
    [InlineData("docker-compose.yml")]
    [InlineData("compose.yaml")]
    [InlineData("..")]
    [InlineData("")]
    public void An_env_file_stays_beside_the_compose_file_and_is_not_it(string name) =>
        Refuses(Good with { EnvFiles = new Dictionary<string, string> { [name] = "" } }, "is not a plain file name");

    [Fact]
    public void Env_files_are_limited_in_number()
    {
        Should.NotThrow(() => DeployRequests.Check(Good with { EnvFiles = Many(100) }));
        Refuses(Good with { EnvFiles = Many(101) }, "more than 100 env files");

        static Dictionary<string, string> Many(int count) => Enumerable.Range(0, count).ToDictionary(i => $"{i}.env", _ => "");
    }

    [Fact]
    public void The_files_of_a_request_are_its_content_and_its_env_files_the_later_of_one_name()
    {
        var files = StackFolder.FilesOf(Good with
        {
            EnvFileContent = "A=1",
            EnvFiles = new Dictionary<string, string> { [".env"] = "A=2", ["b.env"] = "B=1" }
        });
        files.ShouldBe(new Dictionary<string, string> { ["docker-compose.yml"] = "services: {}", [".env"] = "A=2", ["b.env"] = "B=1" }, ignoreOrder: true);
        StackFolder.FilesOf(Good with { EnvFileContent = "" }).Keys.ShouldBe(["docker-compose.yml"]);
    }

    private static void Refuses(DeployComposeRequest request, string words) =>
        Should.Throw<CommandException>(() => DeployRequests.Check(request)).Message.ShouldContain(words);
}
