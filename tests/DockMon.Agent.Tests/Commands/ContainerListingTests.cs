using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Tests.Hosting;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands;

public sealed class ContainerListingTests
{
    private const string ListPath = "/containers/json?all=1";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_engine_says_stays_byte_for_byte_and_is_added_to()
    {
        await using var engine = new ScriptedEngine(
            (ListPath, 200, """
                [ {"Id":"one","Labels":{"Id":"not the id"},"ImageID":"sha256:i","Size" : 1.50,"New":[{"Id":"x"}]},
                  {"Names":["/two"],"ImageID":"sha256:gone","Id":"two"} ]
                """),
            ("/containers/one/json", 200, """{"State":{"StartedAt":"2026-01-02T03:04:05.000000006Z"},"Config":{"Env":["A=1","B","A=2"]}}"""),
            ("/images/sha256%3Ai/json", 200, """{"RepoDigests":["r@sha256:d"]}"""));
        Encoding.UTF8.GetString(await ListAsync(engine)).ShouldBe(
            """[{"Id":"one","Labels":{"Id":"not the id"},"ImageID":"sha256:i","Size" : 1.50,"New":[{"Id":"x"}],"RepoDigests":["r@sha256:d"],"StartedAt":"2026-01-02T03:04:05.000000006Z","Env":{"A":"2","B":""}},"""
            + """{"Names":["/two"],"ImageID":"sha256:gone","Id":"two","RepoDigests":[],"Env":{}}]""");
    }

    [Fact]
    public async Task No_containers_are_an_empty_list()
    {
        await using var engine = new ScriptedEngine((ListPath, 200, "[]"));
        Encoding.UTF8.GetString(await ListAsync(engine)).ShouldBe("[]");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""[{"Id":1,"ImageID":"i"}]""")]
    [InlineData("""[{"ImageID":"i"}]""")]
    [InlineData("""[{"Id":"one","ImageID":"i"}""")]
    [InlineData("")]
    public void What_is_no_list_of_containers_is_an_error(string list) =>
        Should.Throw<JsonException>(() => ListEntry.Split(Encoding.UTF8.GetBytes(list)));

    private static Task<byte[]> ListAsync(ScriptedEngine engine)
    {
        var routes = new Dictionary<string, Route>(StringComparer.Ordinal);
        new ContainerListing(engine.Client).AddTo(routes);
        return routes["list_containers"].Run(default, Token);
    }
}
