using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Tests.Logging;
using DockMon.Engine;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands;

public sealed class ContainerListingTests
{
    private const string ListPath = "/containers/json?all=1";

    private readonly LogCapture _log = new(json: false);
    private ContainerListing? _listing;

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

    [Fact]
    public async Task One_that_cannot_be_inspected_is_listed_all_the_same_and_asked_for_again()
    {
        await using var engine = Two();
        engine.Set("/containers/bad/json", """{"message":"layer does not exist"}""", status: 500);
        (await TextAsync()).ShouldBe("""[{"Id":"bad","ImageID":"","RepoDigests":[],"Env":{}},{"Id":"good","ImageID":"i","RepoDigests":["d"],"Env":{"A":"1"}}]""");
        await TextAsync();
        _log.Lines.Count(line => line.Contains("bad cannot be inspected", StringComparison.Ordinal) && line.Contains("layer does not exist", StringComparison.Ordinal)).ShouldBe(1);

        engine.Set("/containers/bad/json", """{"Config":{"Env":["B=2"]}}""");
        (await TextAsync()).ShouldContain("""{"Id":"bad","ImageID":"","RepoDigests":[],"Env":{"B":"2"}}""");

        async Task<string> TextAsync() => Encoding.UTF8.GetString(await ListAsync(engine));
    }

    [Fact]
    public async Task One_that_does_not_answer_keeps_the_others_waiting_for_ten_seconds()
    {
        await using var engine = Two();
        var asked = new TaskCompletionSource();
        engine.BeforeAnswer = path =>
        {
            if (path != "/containers/bad/json")
            {
                return Task.CompletedTask;
            }

            asked.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        };
        var listing = ListAsync(engine);
        await asked.Task.WaitAsync(Token);
        engine.Time.Advance(TimeSpan.FromSeconds(10));
        Encoding.UTF8.GetString(await listing.WaitAsync(Token)).ShouldStartWith("""[{"Id":"bad","ImageID":"","RepoDigests":[],"Env":{}},{"Id":"good",""");
    }

    [Fact]
    public async Task Without_the_engine_there_is_no_list()
    {
        await using var engine = Two();
        var listed = false;
        engine.BeforeAnswer = path =>
        {
            var away = listed;
            listed |= path == ListPath;
            return away ? throw new IOException("the engine is gone") : Task.CompletedTask;
        };
        await Should.ThrowAsync<EngineUnavailableException>(() => ListAsync(engine));
    }

    private static ScriptedEngine Two() => new(
        (ListPath, 200, """[{"Id":"bad","ImageID":""},{"Id":"good","ImageID":"i"}]"""),
        ("/containers/good/json", 200, """{"Config":{"Env":["A=1"]}}"""),
        ("/images/i/json", 200, """{"RepoDigests":["d"]}"""));

    private Task<byte[]> ListAsync(ScriptedEngine engine)
    {
        _listing ??= new ContainerListing(engine.Client, _log.Factory.CreateLogger<ContainerListing>());
        var routes = new Dictionary<string, Route>(StringComparer.Ordinal);
        _listing.AddTo(routes);
        return routes["list_containers"].Run(default, Token);
    }
}
