using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Tests.Policies;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Containers;

public sealed class ContainerListingTests
{
    private const string ListPath = "/containers/json?all=1";

    private readonly LogCapture _log = new();
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
            """[{"Id":"one","Labels":{"Id":"not the id"},"ImageID":"sha256:i","Size" : 1.50,"New":[{"Id":"x"}],"RepoDigests":["r@sha256:"""
            + """d"],"StartedAt":"2026-01-02T03:04:05.000000006Z","Env":{"A":"2","B":""}},"""
            + """{"Names":["/two"],"ImageID":"sha256:gone","Id":"two","RepoDigests":[],"Env":{}}]""");
    }

    [Fact]
    public async Task No_containers_are_an_empty_list()
    {
        await using var engine = new ScriptedEngine((ListPath, 200, "[]"));
        Encoding.UTF8.GetString(await ListAsync(engine)).ShouldBe("[]");
    }

    [Fact]
    public async Task A_container_that_cannot_be_inspected_is_listed_all_the_same_and_asked_for_again()
    {
        await using var engine = Two();
        engine.Set("/containers/bad/json", """{"message":"layer does not exist"}""", status: 500);
        (await TextAsync()).ShouldBe(
            """[{"Id":"bad","ImageID":"","RepoDigests":[],"Env":{}},{"Id":"good","ImageID":"i","RepoDigests":["d"],"Env":{"A":"1"}}]""");
        await TextAsync();
        _log.Lines.Count(line => line.Contains("bad cannot be inspected", StringComparison.Ordinal)
            && line.Contains("layer does not exist", StringComparison.Ordinal)).ShouldBe(1);

        engine.Set("/containers/bad/json", """{"Config":{"Env":["B=2"]}}""");
        (await TextAsync()).ShouldContain("""{"Id":"bad","ImageID":"","RepoDigests":[],"Env":{"B":"2"}}""");

        async Task<string> TextAsync() => Encoding.UTF8.GetString(await ListAsync(engine));
    }

    [Fact]
    public async Task A_container_that_does_not_answer_keeps_the_others_waiting_for_ten_seconds()
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

    [Fact]
    public async Task Seventeen_megabytes_of_a_label_or_a_variable_cost_no_other_container_its_place()
    {
        var text = new string('x', 17 * 1024 * 1024);
        await using var engine = new ScriptedEngine(
            (ListPath, 200, $$$$"""[{"Id":"bad","ImageID":"","Labels":{"l":"{{{{text}}}}","m":"1"}},{"Id":"good","ImageID":"i"}]"""),
            ("/containers/bad/json", 200, $$$"""{"Config":{"Env":["A={{{text}}}","B=2"]}}"""),
            ("/containers/good/json", 200, """{"Config":{"Env":["A=1"]}}"""),
            ("/images/i/json", 200, """{"RepoDigests":["d"]}"""));
        var list = JsonElement.Parse(await ListAsync(engine));
        list[0].GetProperty("Labels").GetProperty("l").GetString().ShouldEndWith("x… (cut, 17825792 bytes)");
        list[0].GetProperty("Labels").GetProperty("m").GetString().ShouldBe("1");
        list[0].GetProperty("Env").GetProperty("A").GetString().ShouldNotBeNull().ShouldContain("… (cut, ");
        list[1].GetRawText().ShouldBe("""{"Id":"good","ImageID":"i","RepoDigests":["d"],"Env":{"A":"1"}}""");
    }

    [Fact]
    public void A_list_that_fits_is_put_together_as_it_is() =>
        Fit(1000, """{"Id":"a"}""", """{"Id":"b"}""").ShouldBe(("""[{"Id":"a","I":1,"C":1},{"Id":"b","I":1,"C":1}]""", 0, 0));

    [Fact]
    public void In_a_list_that_is_too_long_the_longest_are_told_of_by_their_essentials()
    {
        var ports = string.Join(',', Enumerable.Range(1, 3000).Select(port => $"{{\"PublicPort\":{port}}}"));
        var large = $$"""{"Id":"large","Names":["/large"],"Ports":[{{ports}}],"Labels":{"l":"{{new string('x', 5000)}}"},"State":"running"}""";
        var (text, shortened, leftOut) = Fit(20_000, """{"Id":"a"}""", large, """{"Id":"b"}""");
        (shortened, leftOut).ShouldBe((1, 0));
        var list = JsonElement.Parse(text);
        list.EnumerateArray().Select(item => item.GetProperty("Id").GetString()).ShouldBe(["a", "large", "b"]);
        list[1].ShouldSatisfyAllConditions(
            item => item.GetProperty("State").GetString().ShouldBe("running"),
            item => item.GetProperty("Ports").GetArrayLength().ShouldBeInRange(10, 100),
            item => item.GetProperty("Labels").GetProperty("l").GetString()!.Length.ShouldBeLessThan(300),
            item => item.TryGetProperty("C", out _).ShouldBeFalse());
    }

    [Fact]
    public void What_does_not_fit_even_so_is_left_out_and_the_last_one_says_so()
    {
        var (text, shortened, leftOut) = Fit(1000, [.. Enumerable.Range(0, 100).Select(n => $"{{\"Id\":\"{n}\"}}")]);
        shortened.ShouldBe(100);
        var list = JsonElement.Parse(text);
        (list.GetArrayLength() + leftOut).ShouldBe(100);
        list[list.GetArrayLength() - 1].GetProperty("dockmon.agent.cut").GetString().ShouldBe($"{leftOut} more containers do not fit into one message");
        text.Length.ShouldBeInRange(800, 1000);
    }

    private static (string Text, int Shortened, int LeftOut) Fit(int limit, params string[] containers)
    {
        SizeLimitedItem[] items = [.. containers.Select(text => new SizeLimitedItem(
            Encoding.UTF8.GetBytes(text),
            "\"I\":1"u8.ToArray(),
            "\"C\":1"u8.ToArray()))];
        var (json, shortened, leftOut) = SizeLimitedList.Join(items, limit, "\"P\":1"u8.ToArray());
        return (Encoding.UTF8.GetString(json), shortened, leftOut);
    }

    private static ScriptedEngine Two() => new(
        (ListPath, 200, """[{"Id":"bad","ImageID":""},{"Id":"good","ImageID":"i"}]"""),
        ("/containers/good/json", 200, """{"Config":{"Env":["A=1"]}}"""),
        ("/images/i/json", 200, """{"RepoDigests":["d"]}"""));

    private Task<byte[]> ListAsync(ScriptedEngine engine)
    {
        _listing ??= new ContainerListing(Gates.Context(Gates.NoPolicy, loggers: _log), engine.Client);
        var routes = new Routes();
        _listing.AddTo(routes);
        return routes.Commands["list_containers"].Bind(default).Run(Token);
    }
}
