using System.Text;
using System.Text.Json;
using DockMon.Hub.Inventory;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Inventory;

public sealed class DockerListTests
{
    private const string Full =
        """
        [{"Id":"abc","Names":["/web"],"Image":"nginx:1","ImageID":"sha256:1","Created":1700000000,"State":"running","Status":"Up 5 minutes (healthy)",
          "StartedAt":"2026-11-23T08:00:00Z","Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"front","secret":"s"},
          "Ports":[{"PrivatePort":443,"Type":"tcp"},{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}],"Env":{"P":"é<"}}]
        """;

    [Fact]
    public void A_container_is_read_with_what_a_list_shows()
    {
        var row = Read(Full).Single();
        (row.HostId, row.Id, row.Name, row.Image, row.ImageId).ShouldBe(("h1", "abc", "web", "nginx:1", "sha256:1"));
        (row.State, row.Status, row.Health, row.Created, row.StartedAt).ShouldBe(("running", "Up", "healthy", 1700000000L, "2026-11-23T08:00:00Z"));
        (row.Project, row.Service).ShouldBe(("shop", "front"));
        row.Ports.ShouldBe(
            """[{"ip":"0.0.0.0","private_port":80,"public_port":8080,"type":"tcp"},{"ip":"","private_port":443,"public_port":0,"type":"tcp"}]""");
        row.SearchText.ShouldContain("front");
        row.SearchText.ShouldNotContain("secret");
    }

    [Fact]
    public void The_list_that_is_written_again_says_what_Docker_said_but_for_the_time_that_has_passed()
    {
        var expected = JsonElement.Parse(Full.Replace("Up 5 minutes (healthy)", "Up (healthy)", StringComparison.Ordinal));
        var written = JsonElement.Parse(DockerList.Write(Read(Full)));
        JsonElement.DeepEquals(written, expected).ShouldBeTrue(Encoding.UTF8.GetString(DockerList.Write(Read(Full))));
    }

    [Theory]
    [InlineData("Up 3 hours", "Up", "")]
    [InlineData("Up About a minute (health: starting)", "Up", "starting")]
    [InlineData("Up 2 days (unhealthy)", "Up", "unhealthy")]
    [InlineData("Up 2 days (Paused)", "Up", "")]
    [InlineData("Exited (137) 2 weeks ago", "Exited (137)", "")]
    [InlineData("Restarting (1) 3 seconds ago", "Restarting (1)", "")]
    [InlineData("Created", "Created", "")]
    [InlineData("Removal In Progress", "Removal In Progress", "")]
    [InlineData("", "", "")]
    public void A_status_is_split_from_its_age_and_health(string docker, string status, string health) =>
        DockerList.Split(docker).ShouldBe((status, health));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[1,null,[],{}]")]
    [InlineData("""[{"Id":7}]""")]
    public void What_is_no_container_is_passed_over(string list) => Read(list).ShouldBeEmpty();

    [Fact]
    public void Members_of_another_type_are_as_good_as_missing()
    {
        var row = Read("""[{"Id":"a","Names":7,"Image":[],"Created":"x","State":null,"Labels":[],"Ports":{"a":1}}]""").Single();
        (row.Name, row.Image, row.Created, row.State, row.Project, row.Ports).ShouldBe(("", "", 0L, "", "", "[]"));
    }

    [Fact]
    public void More_containers_than_are_kept_are_left_out()
    {
        var list = "[" + string.Join(',', Enumerable.Range(0, DockerList.MostContainers + 5).Select(i => $$"""{"Id":"{{i}}"}""")) + "]";
        Read(list).Count.ShouldBe(DockerList.MostContainers);
    }

    private static Dictionary<string, ContainerRecord>.ValueCollection Read(string list) => DockerList.Read("h1", JsonElement.Parse(list)).Values;
}
