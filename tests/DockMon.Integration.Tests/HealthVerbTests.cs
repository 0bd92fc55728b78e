using System.Net.Sockets;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The agent's own health: of the agent and its engine, and of no server.</summary>
public sealed class HealthVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_folder.Path, "data");

    private string Engine => Path.Combine(_folder.Path, "docker.sock");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_agent_stays_healthy_when_its_server_goes()
    {
        await using var installation = await Installation.StartAsync(Token);
        (await AskAsync(installation.AgentData)).ShouldBe((0, "healthy"));
        installation.Hub.Kill();
        await installation.Agent.WaitForLineAsync("Cannot connect", Token);
        (await AskAsync(installation.AgentData)).ShouldBe((0, "healthy"));
    }

    [Fact]
    public async Task An_agent_that_stands_still_is_unhealthy_until_it_goes_on()
    {
        await using var agent = Start();
        await UntilHealthyAsync();
        agent.Stop();
        (await AskAsync(Data)).ShouldBe((1, "unhealthy"));
        agent.Continue();
        await UntilHealthyAsync();
    }

    [Fact]
    public async Task An_agent_without_its_engine_is_unhealthy_until_the_engine_comes()
    {
        await using var agent = Start(("DOCKER_HOST", $"unix://{Engine}"));
        await Retry.UntilAsync(
            "the agent says what is missing",
            async () => (await AnswerAsync(Data)).Line.Contains("cannot connect to the Docker engine", StringComparison.Ordinal),
            ct: Token);
        (await AskAsync(Data)).ShouldBe((1, "unhealthy"));
        File.CreateSymbolicLink(Engine, "/var/run/docker.sock");
        await UntilHealthyAsync();
    }

    [Fact]
    public async Task An_engine_that_takes_connections_and_says_nothing_does_not_answer()
    {
        using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(Engine));
        silent.Listen();
        await using var agent = Start(("DOCKER_HOST", $"unix://{Engine}"));
        await Retry.UntilAsync(
            "the agent says that the engine is silent",
            async () => (await AnswerAsync(Data)).Line == "unhealthy: the Docker engine does not answer within 3 s (timeout)",
            ct: Token);
    }

    [Fact]
    public async Task A_killed_agent_is_unhealthy_and_its_successor_takes_its_place()
    {
        (await AnswerAsync(Data)).Line.ShouldContain("no agent runs with this DATA_PATH");
        await using var killed = Start();
        await UntilHealthyAsync();
        killed.Kill();
        await killed.WaitForExitAsync(Token);
        (await AnswerAsync(Data)).ShouldBe((1, $"unhealthy: no agent answers on {Data}/agent.sock: it has ended"));

        await using var successor = Start();
        await UntilHealthyAsync();
        successor.Terminate();
        (await successor.WaitForExitAsync(Token)).ShouldBe(0);
        File.Exists(Path.Combine(Data, "agent.sock")).ShouldBeFalse();
    }

    private ProgramProcess Start(params (string Name, string Value)[] changes)
    {
        Directory.CreateDirectory(Data);
        // No server, and none is needed.
        var environment = Diagnosis.Environment(Data, "ws://127.0.0.1:9");
        foreach (var (name, value) in changes)
        {
            environment[name] = value;
        }

        return AgentProcess.Start(environment);
    }

    private Task UntilHealthyAsync() => Retry.UntilAsync("the agent is healthy", async () => await AskAsync(Data) == (0, "healthy"), ct: Token);

    private static async Task<(int ExitCode, string Word)> AskAsync(string data)
    {
        var (code, line) = await AnswerAsync(data);
        return (code, line.Split(':')[0]);
    }

    private static async Task<(int ExitCode, string Line)> AnswerAsync(string data)
    {
        await using var health = AgentProcess.Start(new Dictionary<string, string> { ["DATA_PATH"] = data }, "health");
        var code = await health.WaitForExitAsync(Token);
        return (code, health.Lines.Single());
    }
}
