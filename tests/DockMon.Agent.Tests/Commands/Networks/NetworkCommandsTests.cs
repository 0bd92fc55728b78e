using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Networks;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Tests.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Networks;

public sealed class NetworkCommandsTests : IAsyncLifetime
{
    private const string Containers = "/containers/json?all=1";
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string ShortId = "0123456789ab";

    private static readonly SelfContainer Self = new(new string('a', 64), "agent", "image", "bridge");

    private readonly ScriptedEngine _engine = new((Containers, 200, "[]"));
    private Routes _routes = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task A_network_is_listed_with_its_containers_also_those_that_never_ran()
    {
        _engine.Set("/networks", $"[{Network("shop")},{Network("bridge", id: "b")}]");
        _engine.Set(Containers, $$"""
            [
              {"Id":"aaaaaaaaaaaa1","Names":["/runs"],"NetworkSettings":{"Networks":{"renamed":{"NetworkID":"{{Id}}"} } } },
              {"Id":"bbbbbbbbbbbb2","Names":["/created"],"NetworkSettings":{"Networks":{"shop":{"NetworkID":""} } } },
              {"Id":"cccccccccccc3","Names":["/elsewhere"],"NetworkSettings":{"Networks":{"shop":{"NetworkID":"another"} } } },
              {"Id":"dddddddddddd4","Names":["/none"],"NetworkSettings":null}
            ]
            """);
        var networks = (await Commands().RunAsync(CommandNames.ListNetworks)).EnumerateArray().ToList();
        var shop = networks[0];
        shop.GetProperty("id").GetString().ShouldBe(ShortId);
        shop.GetProperty("subnet").GetString().ShouldBe("172.20.0.0/16");
        shop.GetProperty("created").GetString().ShouldBe("2026-11-23T08:24:59Z");
        shop.GetProperty("is_builtin").GetBoolean().ShouldBeFalse();
        shop.GetProperty("containers").EnumerateArray().Select(container => container.GetProperty("name").GetString()).ShouldBe(["runs", "created"]);
        networks[1].GetProperty("is_builtin").GetBoolean().ShouldBeTrue();
        networks[1].GetProperty("container_count").GetInt32().ShouldBe(0);
        (await _routes.Operations.RunAsync(OperationActions.ListNetworks)).GetProperty("networks").GetArrayLength().ShouldBe(2);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"Name":"bare","IPAM":null}""")]
    [InlineData("""{"Name":"bare","IPAM":{"Config":null}}""")]
    [InlineData("""{"Name":"bare","IPAM":{"Config":[{}]},"Internal":"yes","Created":7}""")]
    public async Task A_network_with_little_in_it_is_listed_as_it_is(string network)
    {
        _engine.Set("/networks", $"[{network}]");
        var listed = (await Commands().RunAsync(CommandNames.ListNetworks)).EnumerateArray().Single();
        listed.GetProperty("subnet").GetString().ShouldBe("");
        listed.GetProperty("internal").GetBoolean().ShouldBeFalse();
        listed.GetProperty("created").GetString().ShouldBe("");
    }

    [Theory]
    [InlineData("""{"name":"n"}""", """{"Name":"n","CheckDuplicate":true,"Driver":"bridge","Internal":false}""")]
    [InlineData("""{"name":"n","driver":"macvlan","internal":true}""", """{"Name":"n","CheckDuplicate":true,"Driver":"macvlan","Internal":true}""")]
    [InlineData(
        """{"name":"n","subnet":"10.1.0.0/16"}""",
        """{"Name":"n","CheckDuplicate":true,"Driver":"bridge","Internal":false,"IPAM":{"Config":[{"Subnet":"10.1.0.0/16"}]}}""")]
    [InlineData(
        """{"name":"n","subnet":"10.1.0.0/16","gateway":"10.1.0.1"}""",
        """{"Name":"n","CheckDuplicate":true,"Driver":"bridge","Internal":false,"IPAM":{"Config":[{"Subnet":"10.1.0.0/16","Gateway":"10.1.0.1"}]}}""")]
    public async Task A_network_is_made_with_what_was_asked_for_and_no_second_one_of_its_name(string payload, string body)
    {
        _engine.Set("/networks/create", $$"""{"Id":"{{Id}}"}""", 201);
        _engine.Set("/networks/" + Id, Network("n"));
        var made = await Commands().RunAsync(CommandNames.CreateNetwork, payload);
        made.GetProperty("id").GetString().ShouldBe(ShortId);
        _engine.Calls.Single(call => call.Path == "/networks/create").Body.ShouldBe(body);
    }

    [Fact]
    public async Task A_network_that_an_operation_makes_is_answered_with_its_id()
    {
        _engine.Set("/networks/create", $$"""{"Id":"{{Id}}"}""", 201);
        _engine.Set("/networks/" + Id, Network("n"));
        Commands();
        (await _routes.Operations.RunAsync(OperationActions.CreateNetwork, """{"name":"n","driver":"overlay"}"""))
            .GetProperty("network_id")
            .GetString()
            .ShouldBe(ShortId);
        _engine.Calls.Single(call => call.Path == "/networks/create").Body.ShouldContain("\"overlay\"");
    }

    [Theory]
    [InlineData(CommandNames.CreateNetwork, "{}", "name is missing")]
    [InlineData(CommandNames.CreateNetwork, """{"name":"n","gateway":"10.1.0.1"}""", "a gateway needs a subnet")]
    [InlineData(CommandNames.CreateNetwork, """{"name":["n"]}""", "invalid payload")]
    [InlineData(CommandNames.DeleteNetwork, "{}", "network_id is missing")]
    [InlineData(CommandNames.DeleteNetwork, """{"network_id":" ","force":true}""", "network_id is missing")]
    public async Task A_request_without_what_it_needs_reaches_no_engine(string command, string payload, string words)
    {
        (await Should.ThrowAsync<CommandException>(() => Commands().RunAsync(command, payload))).Message.ShouldContain(words);
        _engine.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("bridge")]
    [InlineData("host")]
    [InlineData("none")]
    public async Task A_network_of_the_engine_itself_is_never_deleted(string name)
    {
        _engine.Set("/networks/x", Network(name));
        (await Should.ThrowAsync<CommandException>(() => DeleteAsync(force: true))).Message.ShouldBe($"cannot delete built-in network '{name}'");
        _engine.Requests.ShouldBe(["/networks/x", Containers]);
    }

    [Fact]
    public async Task A_network_in_use_is_deleted_only_by_force_and_loses_its_containers_first()
    {
        _engine.Set("/networks/x", Network("shop"));
        _engine.Set(Containers, Users(("bbbbbbbbbbbb", "web"), ("cccccccccccc", "db")));
        (await Should.ThrowAsync<CommandException>(() => DeleteAsync(force: false))).Message.ShouldContain("in use by web, db");
        _engine.Calls.ShouldAllBe(call => call.Line.StartsWith("GET "));

        _engine.Set($"/networks/{ShortId}/disconnect", "");
        _engine.Set($"/networks/{ShortId}", "", 204);
        await DeleteAsync(force: true);
        _engine.Calls.Where(call => !call.Line.StartsWith("GET ")).Select(call => (call.Line, call.Body)).ShouldBe([
            ($"POST /v1.41/networks/{ShortId}/disconnect", """{"Container":"bbbbbbbbbbbb","Force":true}"""),
            ($"POST /v1.41/networks/{ShortId}/disconnect", """{"Container":"cccccccccccc","Force":true}"""),
            ($"DELETE /v1.41/networks/{ShortId}", ""),
        ]);
    }

    [Fact]
    public async Task A_network_of_the_agents_own_container_is_never_deleted_not_even_by_force()
    {
        _engine.Set("/networks/x", Network("shop"));
        _engine.Set(Containers, Users(("bbbbbbbbbbbb", "web"), ("aaaaaaaaaaaa", "agent")));
        (await Should.ThrowAsync<CommandException>(() => DeleteAsync(
            force: true,
            TestOwnContainers.Of(Self)))).Message.ShouldContain("the agent's own container agent");
        _engine.Calls.ShouldAllBe(call => call.Line.StartsWith("GET "));
    }

    [Fact]
    public async Task While_the_agents_own_container_is_not_known_no_network_is_deleted()
    {
        _engine.Set("/networks/x", Network("shop"));
        (await Should.ThrowAsync<CommandException>(() => DeleteAsync(force: true, TestOwnContainers.Unknown))).Message.ShouldStartWith("refused");
        _engine.Calls.ShouldAllBe(call => call.Line.StartsWith("GET "));
    }

    [Fact]
    public async Task A_container_that_cannot_be_disconnected_keeps_its_network()
    {
        _engine.Set("/networks/x", Network("shop"));
        _engine.Set(Containers, Users(("bbbbbbbbbbbb", "web")));
        _engine.Set($"/networks/{ShortId}/disconnect", """{"message":"the sandbox is busy"}""", 500);
        (await Should.ThrowAsync<EngineException>(() => DeleteAsync(force: true))).Message.ShouldContain("the sandbox is busy");
        _engine.Calls.ShouldNotContain(call => call.Line.StartsWith("DELETE"));
    }

    [Fact]
    public async Task A_network_that_is_not_there_is_an_error_in_the_engines_words() =>
        (await Should.ThrowAsync<EngineException>(() => DeleteAsync(force: true))).Message.ShouldBe("no such thing");

    [Theory]
    [InlineData("""{"NetworksDeleted":["a","b"]}""", 2)]
    [InlineData("""{"NetworksDeleted":null}""", 0)]
    public async Task Unused_networks_are_pruned_and_named(string answer, int count)
    {
        _engine.Set("/networks/prune", answer);
        var pruned = await Commands().RunAsync(CommandNames.PruneNetworks);
        pruned.GetProperty("removed_count").GetInt32().ShouldBe(count);
        pruned.GetProperty("networks_removed").GetArrayLength().ShouldBe(count);
    }

    private static string Network(string name, string id = Id) =>
        $$$"""
        {"Id":"{{{id}}}","Name":"{{{name}}}","Driver":"bridge","Scope":"local","Created":"2026-11-23T08:24:59.5Z",
         "IPAM":{"Config":[{"Subnet":"172.20.0.0/16"}]}}
        """;

    private static string Users(params (string Id, string Name)[] containers) =>
        $"[{string.Join(',', containers.Select(container => User(container.Id, container.Name)))}]";

    private static string User(string id, string name) =>
        $$"""{"Id":"{{id}}","Names":["/{{name}}"],"NetworkSettings":{"Networks":{"shop":{"NetworkID":"{{Id}}"} } } }""";

    private Task<JsonElement> DeleteAsync(bool force, OwnContainer? own = null) =>
        Commands(own).RunAsync(CommandNames.DeleteNetwork, $$"""{"network_id":"x","force":{{(force ? "true" : "false")}}}""");

    private Dictionary<string, Route> Commands(OwnContainer? own = null)
    {
        _routes = new Routes();
        new NetworkCommands(_engine.Client, own ?? TestOwnContainers.None, HiddenContainers.None).AddTo(_routes);
        return _routes.Commands;
    }
}
