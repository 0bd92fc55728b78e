using System.Text.Json.Nodes;
using DockMon.Agent.Hosting;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Steps;

public sealed class AgentDependencyCheckTests
{
    private static readonly JsonObject Container = JsonNode.Parse("""
        {"Id":"efb225eae0e5807ec9f45533e6c5598e13b9f197ce11f9fe3fd9c3964d86d6ed","Name":"/proxy","NetworkSettings":{
        "Ports":{"2375/tcp":[{"HostIp":"127.0.0.1","HostPort":"2375"}],"80/tcp":null},
        "Networks":{"main":{"IPAddress":"172.18.0.2","Aliases":["socket-proxy","efb225eae0e5"]}}}}
        """)!.AsObject();

    [Theory]
    [InlineData("\"NetworkMode\":\"container:vpn\"", "\"NetworkMode\":\"bridge\"", true)]
    [InlineData("\"PidMode\":\"container:vpn\"", "\"NetworkMode\":\"bridge\"", true)]
    [InlineData("\"NetworkMode\":\"container:middle\"", "\"NetworkMode\":\"container:vpn\"", true)]
    [InlineData("\"NetworkMode\":\"container:middle\"", "\"IpcMode\":\"container:agent\",\"NetworkMode\":\"bridge\"", false)]
    [InlineData("\"NetworkMode\":\"bridge\"", "\"NetworkMode\":\"container:vpn\"", false)]
    public async Task What_the_agent_has_a_namespace_from_is_known_however_many_are_in_between(string agents, string middles, bool shared)
    {
        var self = new SelfContainer(new string('a', 64), "agent", "dockmon-agent", "bridge");
        Task<JsonObject> InspectAsync(string reference, CancellationToken ct) => Task.FromResult(JsonNode.Parse(
            reference == "vpn" ? """{"Id":"the-vpn","HostConfig":{"NetworkMode":"bridge"}}"""
            : reference == "middle" ? $$$"""{"Id":"the-middle","HostConfig":{ {{{middles}}} } }"""
            : $$$"""{"Id":"{{{self.Id}}}","HostConfig":{ {{{agents}}} } }""")!.AsObject());
        var need = await AgentDependencyCheck.SharedAsync("the-vpn", self, InspectAsync, TestContext.Current.CancellationToken);
        (need is not null).ShouldBe(shared);
    }

    [Theory]
    [InlineData("bridge", null, null)]
    [InlineData("main", "tcp://proxy:2375", "engine")]
    [InlineData("main", "tcp://socket-proxy:2375", "engine")]
    [InlineData("main", "tcp://172.18.0.2:2375", "engine")]
    [InlineData("main", "tcp://other:2375", null)]
    [InlineData(null, "tcp://proxy:2375", null)]
    [InlineData(null, "tcp://127.0.0.1:2375", "engine")]
    [InlineData(null, "tcp://localhost:2376", null)]
    public void What_the_agent_hangs_on_is_known(string? agentsNetwork, string? dockerHost, string? expected)
    {
        var self = agentsNetwork is null ? null : new SelfContainer(new string('a', 64), "agent", "dockmon-agent", agentsNetwork);
        var need = AgentDependencyCheck.Of(Container, self, EngineEndpoint.FromEnvironment(dockerHost, null, null));
        if (expected is null)
        {
            need.ShouldBeNull();
        }
        else
        {
            need.ShouldNotBeNull().ShouldContain(expected);
        }
    }
}
