using System.Net.Http.Json;
using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What an outage of the link between a real agent and the hub does not cost.</summary>
public sealed class OutageTests() : InstallationTests("dockmon-outage")
{
    [Fact]
    public async Task A_command_that_was_lost_with_the_link_and_one_whose_answer_was_are_answered_after_it()
    {
        var id = await Containers.RunAsync(["sleep", "3600"], Token);
        var since = await Docker.RunAsync(["info", "--format", "{{.SystemTime}}"], Token);
        Installation.Link.Mode = ProxyMode.Paused;
        var before = Installation.Link.BytesFromServer;
        var lost = Installation.OperateAsync("pause", id, Token);
        await Retry.UntilAsync("the hub has sent it", () => Installation.Link.BytesFromServer > before + 100, ct: Token);
        Installation.Link.CutAll();
        Installation.Link.Mode = ProxyMode.Relay;
        (await lost).GetProperty("status").GetString().ShouldBe("paused");
        (await Installation.OperateAsync("unpause", id, Token)).GetProperty("status").GetString().ShouldBe("unpaused");

        var answering = Installation.OperateAsync("stop", id, Token, new() { ["timeout"] = 3 });
        await Retry.UntilAsync("the agent is about to stop it", async () => (await EventsAsync(since, id)).Contains("kill"), ct: Token);
        Installation.Link.Mode = ProxyMode.Paused;
        await Retry.UntilAsync("it has stopped", async () => (await EventsAsync(since, id)).Contains("stop"), ct: Token);
        Installation.Link.CutAll();
        Installation.Link.Mode = ProxyMode.Relay;
        (await answering).GetProperty("status").GetString().ShouldBe("stopped");
        (await EventsAsync(since, id)).Where(action => action is "pause" or "unpause" or "stop").ShouldBe(["pause", "unpause", "stop"]);
    }

    [Fact]
    public async Task The_minutes_of_an_outage_are_in_the_history_afterwards()
    {
        var id = await Containers.RunAsync(["sleep", "3600"], Token);
        var name = (await Docker.RunAsync(["inspect", "--format", "{{.Name}}", id], Token)).TrimStart('/');
        await Retry.UntilAsync("it has a history", async () => (await MinutesAsync(name)).Count > 0, ct: Token);

        // One whole minute without a connection, and a part of the one before and of the one after.
        await UntilAsync(() => TimeProvider.System.GetUtcNow().Second is > 35 and < 50);
        var missing = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 60 * 60 + 60;
        Installation.Link.Mode = ProxyMode.Refuse;
        Installation.Link.CutAll();
        await Installation.WaitForAgentAsync(Token, connected: false);
        await UntilAsync(() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() > missing + 65);
        (await MinutesAsync(name)).ShouldNotContain(minute => minute.Start == missing);
        Installation.Link.Mode = ProxyMode.Relay;
        await Retry.UntilAsync("the minute is there", async () => (await MinutesAsync(name)).Any(minute => minute.Start == missing), ct: Token);
        (await MinutesAsync(name)).Single(minute => minute.Start == missing).Samples.ShouldBeInRange(3, 7);
    }

    private static Task UntilAsync(Func<bool> condition) => Retry.UntilAsync("the time has come", condition, ct: Token);

    private static async Task<string[]> EventsAsync(string since, string id) =>
        (await Docker.RunAsync(
            ["events", "--since", since, "--until", "0s", "--filter", $"container={id}", "--format", "{{.Action}}"], Token)).Split('\n');

    private async Task<List<(long Start, int Samples)>> MinutesAsync(string name)
    {
        var history = $"/api/hosts/{Installation.HostId}/stats/history?container_name={name}&step=60";
        return [.. (await Installation.Http.GetFromJsonAsync<JsonElement>(history, Token)).GetProperty("points").EnumerateArray()
            .Select(point => (point.GetProperty("time").GetDateTimeOffset().ToUnixTimeSeconds(), point.GetProperty("samples").GetInt32()))];
    }
}
