using System.Text.Json.Nodes;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class LargeDocumentTests
{
    private const int Large = 17 * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_with_seventeen_megabytes_of_labels_costs_no_other_container_its_place_its_events_or_its_operations()
    {
        await using var engine = await PrivateEngine.StartAsync(Token);
        await using var installation = await Installation.StartAsync(Token, engine.Host);
        var small = await engine.Docker.RunAsync(["run", "-d", "--network", "none", "--init", TestImage.Name, "sleep", "3600"], Token);
        var large = await CreateAsync(engine);
        await engine.Docker.RunAsync(["start", large], Token);
        await ToldAsync(installation, large, "start");

        var list = (await installation.CommandAsync("list_containers", Token)).EnumerateArray().ToDictionary(item => item.GetProperty("Id").GetString()!);
        list.Keys.ShouldBe([small, large], ignoreOrder: true);
        list[large].GetProperty("Labels").GetProperty("large").GetString().ShouldEndWith($"x… (cut, {Large} bytes)");
        list[large].GetProperty("State").GetString().ShouldBe("running");
        (await installation.OperateAsync("inspect", large, Token)).GetProperty("container").GetProperty("Id").GetString().ShouldBe(large);

        // What happens to the others is told while the stream has such events in it, and when it is opened again at one.
        await installation.OperateAsync("restart", small, Token, new() { ["timeout"] = 0 });
        await ToldAsync(installation, small, "restart");
        await installation.OperateAsync("kill", large, Token);
        await ToldAsync(installation, large, "die");
        await engine.StopDaemonAsync(Token);
        await engine.StartDaemonAsync(Token);
        await ToldAsync(installation, small, "die", times: 2);
        await engine.Docker.RunAsync(["start", small], Token);
        await ToldAsync(installation, small, "start", times: 3);
        await installation.OperateAsync("remove", large, Token, new() { ["force"] = true });
        await ToldAsync(installation, large, "destroy");
        installation.Agent.Lines.ShouldContain(line => line.Contains("what was too long in it was cut", StringComparison.Ordinal));

        await engine.Docker.RunAsync(["rm", "-f", small], Token);
    }

    [Fact]
    public async Task The_ends_and_starts_of_a_reboot_are_told_when_the_agent_is_back()
    {
        await using var engine = await PrivateEngine.StartAsync(Token);
        await using var installation = await Installation.StartAsync(Token, engine.Host);
        string[] run = ["run", "-d", "--network", "none", "--init"];
        var ends = await engine.Docker.RunAsync([.. run, TestImage.Name, "sleep", "3600"], Token);
        var returns = await engine.Docker.RunAsync([.. run, "--restart", "always", TestImage.Name, "sleep", "3600"], Token);
        await ToldAsync(installation, returns, "start");
        installation.Agent.Terminate();
        (await installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);

        await engine.StopDaemonAsync(Token);
        await engine.StartDaemonAsync(Token);
        await Retry.UntilAsync(
            "the container that is always restarted runs",
            async () => await engine.Docker.RunAsync(["inspect", "--format", "{{.State.Running}}", returns], Token) == "true",
            ct: Token);
        installation.StartAgent();

        await ToldAsync(installation, ends, "die");
        await ToldAsync(installation, returns, "start", times: 2);
        (await installation.EventsOfAsync(returns, Token)).Count(action => action == "die").ShouldBe(1);
        await engine.Docker.RunAsync(["rm", "-f", ends, returns], Token);
    }

    private static async Task<string> CreateAsync(PrivateEngine engine)
    {
        using var client = new EngineClient(EngineEndpoint.FromEnvironment(engine.Host, null, null), TimeProvider.System);
        var labels = $$"""{"large":"{{new string('x', Large)}}"}""";
        var body = $$$"""{"Image":"{{{TestImage.Name}}}","Cmd":["sleep","3600"],"Labels":{{{labels}}},"HostConfig":{"NetworkMode":"none","Init":true}}""";
        return await client.CreateContainerAsync(JsonNode.Parse(body)!.AsObject(), "large", Token);
    }

    private static async Task ToldAsync(Installation installation, string id, string action, int times = 1)
    {
        await Retry.UntilAsync(
            $"{action} is told {times} times",
            async () => (await installation.EventsOfAsync(id, Token)).Count(told => told == action) >= times,
            TimeSpan.FromSeconds(90),
            Token);
        (await installation.EventsOfAsync(id, Token)).Count(told => told == action).ShouldBe(times);
    }
}
