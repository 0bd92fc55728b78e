using System.Text.Json.Nodes;
using DockMon.Testing;

namespace DockMon.Engine.Tests;

public sealed class NetworksTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Networks_are_listed()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(
            """
            [{"Id":"n1","Name":"app","Driver":"bridge","Scope":"local","Created":"2026-01-02T03:04:05Z","Internal":true,
              "IPAM":{"Config":[{"Subnet":"172.18.0.0/16"}]}},
             {"Id":"n2","Name":"host","IPAM":{"Config":null}},{"Id":"n3","Name":"none","Scope":null,"IPAM":null}]
            """));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var networks = await client.ListNetworksAsync(Ct);

        networks.Select(network => network.Name).ShouldBe(["app", "host", "none"]);
        networks[0].ShouldSatisfyAllConditions(
            network => (network.Id, network.Driver, network.Scope, network.Created, network.Internal).ShouldBe(
                ("n1", "bridge", "local", "2026-01-02T03:04:05Z", true)),
            network => network.Ipam.Config.ShouldHaveSingleItem().Subnet.ShouldBe("172.18.0.0/16"));
        networks.Skip(1).ShouldAllBe(network => network.Ipam.Config.Count == 0 && network.Scope == "");
        engine.Calls.Last().Line.ShouldBe("GET /v1.41/networks");
    }

    [Fact]
    public async Task A_network_is_inspected_by_its_id_or_its_name()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"Id":"n1","Name":"a b"}"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.InspectNetworkAsync("a b/c", Ct)).Id.ShouldBe("n1");

        engine.Calls.Last().Line.ShouldBe("GET /v1.41/networks/a%20b%2Fc");
    }

    [Fact]
    public async Task A_network_is_created_once_only()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"Id":"n1","Warning":""}""", 201));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.CreateNetworkAsync("app", "bridge", isInternal: false, subnet: null, Ct)).ShouldBe("n1");
        await client.CreateNetworkAsync("app", "macvlan", isInternal: true, new NetworkIpamConfig { Subnet = "10.1.0.0/16" }, Ct);
        await client.CreateNetworkAsync("app", "bridge", isInternal: false, new NetworkIpamConfig { Subnet = "10.1.0.0/16", Gateway = "10.1.0.1" }, Ct);

        engine.Calls.Skip(1).ShouldAllBe(request => request.Line == "POST /v1.41/networks/create");
        JsonNode[] bodies = [.. engine.Calls.Skip(1).Select(request => JsonNode.Parse(request.Body)!)];
        ShouldBeJson(bodies[0], """{"Name":"app","CheckDuplicate":true,"Driver":"bridge","Internal":false}""");
        ShouldBeJson(bodies[1], """{"Name":"app","CheckDuplicate":true,"Driver":"macvlan","Internal":true,"IPAM":{"Config":[{"Subnet":"10.1.0.0/16"}]}}""");
        bodies[2]["IPAM"]!.ToJsonString().ShouldBe("""{"Config":[{"Subnet":"10.1.0.0/16","Gateway":"10.1.0.1"}]}""");
    }

    [Fact]
    public async Task Containers_are_connected_and_disconnected()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Empty(200));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        var endpoint = new JsonObject { ["Aliases"] = new JsonArray("web"), ["DriverOpts"] = null };

        await client.ConnectNetworkAsync("my net", "abc", endpoint, Ct);
        await client.DisconnectNetworkAsync("n1", "abc", force: true, Ct);

        engine.Calls.Skip(1).Select(request => (request.Line, request.Body)).ShouldBe([
            ("POST /v1.41/networks/my%20net/connect", """{"Container":"abc","EndpointConfig":{"Aliases":["web"],"DriverOpts":null}}"""),
            ("POST /v1.41/networks/n1/disconnect", """{"Container":"abc","Force":true}""")]);
    }

    [Fact]
    public async Task A_network_is_removed()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Empty(204));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.RemoveNetworkAsync("my net", Ct);

        engine.Calls.Last().Line.ShouldBe("DELETE /v1.41/networks/my%20net");
    }

    [Theory]
    [InlineData("""{"NetworksDeleted":["a","b"]}""", "a,b")]
    [InlineData("""{"NetworksDeleted":null}""", "")]
    public async Task Pruned_networks_are_named(string body, string names)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(body));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        string.Join(',', await client.PruneNetworksAsync(Ct)).ShouldBe(names);

        engine.Calls.Last().Line.ShouldBe("POST /v1.41/networks/prune");
    }

    [Fact]
    public Task An_error_answer_is_an_error() => Refused.ShouldThrowAsync(
        client => client.ListNetworksAsync(Ct),
        client => client.InspectNetworkAsync("n1", Ct),
        client => client.CreateNetworkAsync("app", "bridge", isInternal: false, subnet: null, Ct),
        client => client.ConnectNetworkAsync("n1", "abc", [], Ct),
        client => client.DisconnectNetworkAsync("n1", "abc", force: false, Ct),
        client => client.RemoveNetworkAsync("n1", Ct),
        client => client.PruneNetworksAsync(Ct));

    private static void ShouldBeJson(JsonNode found, string expected) =>
        JsonNode.DeepEquals(found, JsonNode.Parse(expected)).ShouldBeTrue(found.ToJsonString());
}
