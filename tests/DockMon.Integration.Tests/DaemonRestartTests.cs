using System.Net.Http.Json;
using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class DaemonRestartTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_daemon_that_stops_and_starts_makes_the_agent_neither_exit_nor_go_blind()
    {
        await using var engine = await PrivateEngine.StartAsync(Token);
        await using var installation = await Installation.StartAsync(Token, engine.Host);
        var id = await engine.Docker.RunAsync(["run", "-d", "--network", "none", "--init", TestImage.Name, "sleep", "3600"], Token);
        await Retry.UntilAsync("samples come", async () => await HasSampleAsync(installation, id), ct: Token);

        await engine.StopDaemonAsync(Token);
        await installation.Agent.WaitForLineAsync("cannot connect to the Docker engine", Token);
        (await Should.ThrowAsync<OperationFailedException>(() => installation.OperateAsync(
            "start",
            id,
            Token))).Message.ShouldContain("cannot connect to the Docker engine");
        installation.Agent.HasExited.ShouldBeFalse();

        await engine.StartDaemonAsync(Token);
        // The daemon ended the container, and has forgotten that it told so: the agent has not.
        await Retry.UntilAsync("the end of the container is told", async () => (await installation.EventsOfAsync(id, Token)).Contains("die"), ct: Token);
        (await installation.EventsOfAsync(id, Token)).Count(action => action == "die").ShouldBe(1);

        await installation.OperateAsync("start", id, Token);
        await Retry.UntilAsync(
            "the new start is told",
            async () => (await installation.EventsOfAsync(id, Token)).Count(action => action == "start") == 2,
            ct: Token);
        var list = await installation.CommandAsync("list_containers", Token);
        list.EnumerateArray()
            .Single()
            .GetProperty("StartedAt")
            .GetString()
            .ShouldBe(await engine.Docker.RunAsync(["inspect", "--format", "{{.State.StartedAt}}", id], Token));
        installation.Agent.Lines.Count(line => line.Contains("Connected to", StringComparison.Ordinal)).ShouldBe(1);
        await engine.Docker.RunAsync(["rm", "-f", id], Token);
    }

    private static async Task<bool> HasSampleAsync(Installation installation, string id) =>
        (await installation.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{installation.HostId}/stats", Token))
            .GetProperty("containers")
            .TryGetProperty(id, out _);
}
