using System.Net;
using System.Text;
using System.Text.Json;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Streams;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

/// <content>Followed logs of agents of another hub: as on the hub that has the agent.</content>
public abstract partial class FleetBehaviour
{
    [Fact]
    public async Task A_log_is_followed_across_hubs_to_its_end()
    {
        var agent = await StartFollowableAsync();
        using var reader = await OpenAsync(Two.Http, LogPath(agent) + "?tail=5");
        var start = await ReadLogAsync(agent, "start");
        (start.GetProperty("container_id").GetString(), start.GetProperty("tail").GetInt32(), start.GetProperty("credit").GetInt32()).ShouldBe(("web", 5, 16));
        var large = new string('x', 200_000);
        await SendLinesAsync(agent, start, 1, (1, "one"), (2, large));
        TextsOf((await NextAsync(reader)).Data).ShouldBe(["one", large]);
        for (var i = 2; i <= 8; i++)
        {
            await SendLinesAsync(agent, start, i, (i + 1, $"{i}"));
            TextsOf((await NextAsync(reader)).Data).ShouldBe([$"{i}"]);
        }

        (await ReadLogAsync(agent, "credit")).GetProperty("credit").GetInt32().ShouldBe(8);
        await agent.SendEventAsync(EventNames.LogEnd, $$"""{"stream_id":"{{start.GetProperty("stream_id").GetString()}}","reason":"removed"}""", Token);
        var (name, data) = await NextAsync(reader);
        (name, data.GetProperty("reason").GetString()).ShouldBe(("end", "removed"));
        (await reader.ReadToEndAsync(Token)).Trim().ShouldBeEmpty();
        await UntilNoStreamIsLeftAsync();
    }

    [Fact]
    public async Task A_reader_who_leaves_a_log_across_hubs_stops_it_at_the_agent()
    {
        var agent = await StartFollowableAsync();
        using (await OpenAsync(Two.Http, LogPath(agent)))
        {
            await ReadLogAsync(agent, "start");
        }

        await ReadLogAsync(agent, "stop");
        await UntilNoStreamIsLeftAsync();
    }

    [Fact]
    public async Task A_log_goes_on_wherever_its_agent_connects_again()
    {
        var agent = await StartFollowableAsync();
        using var reader = await OpenAsync(Two.Http, LogPath(agent));
        var start = await ReadLogAsync(agent, "start");
        await SendLinesAsync(agent, start, 1, (1, "one"), (2, "two"));
        TextsOf((await NextAsync(reader)).Data).ShouldBe(["one", "two"]);

        // To the hub of the reader, and back to the other one.
        foreach (var (hub, number) in new[] { (Two, 2), (One, 3) })
        {
            agent = await hub.ReconnectAsync(agent, Token, ExtensionNames.LogStream);
            (await NextAsync(reader)).Name.ShouldBe("waiting");
            start = await ReadLogAsync(agent, "start");
            (start.GetProperty("tail").GetInt32(), start.GetProperty("since").GetString()).ShouldBe((-1, TimeOf(number)));
            await SendLinesAsync(agent, start, 1, (number, "two"), (number + 1, "two"));
            TextsOf((await NextAsync(reader)).Data).ShouldBe(["two"]);
        }
    }

    [Fact]
    public async Task Logs_of_agents_of_several_hubs_are_in_one_stream()
    {
        var one = await StartFollowableAsync();
        var two = await Two.StartAgentAsync(Token, "ENGINE:2", "other", ExtensionNames.LogStream);
        using var reader = await OpenAsync(Two.Http, $"/api/logs?container={one.HostId}:web&container={two.HostId}:web");
        foreach (var agent in new[] { one, two })
        {
            await SendLinesAsync(agent, await ReadLogAsync(agent, "start"), 1, (1, agent.HostId));
            var (name, data) = await NextAsync(reader);
            (name, data.GetProperty("host_id").GetString()).ShouldBe(("log", agent.HostId));
            TextsOf(data).ShouldBe([agent.HostId]);
        }
    }

    [Fact]
    public async Task An_agent_of_another_hub_that_cannot_follow_logs_or_is_not_connected_is_said_to_be_so()
    {
        var agent = await StartAgentAsync();
        var (status, body) = await Two.AskAsync(HttpMethod.Get, LogPath(agent), null, Token);
        status.ShouldBe(HttpStatusCode.NotImplemented);
        body.ShouldContain("cannot follow logs");
        agent.Socket.Abort();
        await UntilConnectedAsync(Two, agent, connected: false);
        (await Two.AskAsync(HttpMethod.Get, LogPath(agent), null, Token)).Status.ShouldBe(HttpStatusCode.Conflict);
        await UntilNoStreamIsLeftAsync();
    }

    [Fact]
    public async Task A_host_that_is_removed_ends_its_log_across_hubs()
    {
        var agent = await StartFollowableAsync();
        using var reader = await OpenAsync(Two.Http, LogPath(agent));
        await ReadLogAsync(agent, "start");
        await One.AskAsync(HttpMethod.Delete, Path(agent), null, Token);
        (await NextAsync(reader)).Name.ShouldBe("waiting");
        (await NextAsync(reader)).Data.GetProperty("error").GetString()!.ShouldStartWith("the host was removed");
    }

    private protected static string LogPath(FakeAgent agent) => Path(agent, "/containers/web/logs/stream");

    /// <summary>Starts an agent that can follow logs at the first hub.</summary>
    private protected async Task<FakeAgent> StartFollowableAsync()
    {
        var agent = await One.ReconnectAsync(await One.StartAgentAsync(Token), Token, ExtensionNames.LogStream);
        await Retry.UntilAsync(
            "the second hub knows the agent's connection",
            () => Service<Owners>(Two).Find(agent.HostId) is { Epoch: 2, HubId: not null },
            ct: Token);
        return agent;
    }

    private protected Task UntilNoStreamIsLeftAsync() => Retry.UntilAsync(
        "no stream is left", () => Service<HubStreams>(One).Count + Service<HubStreams>(Two).Count == 0, ct: Token);

    private protected static async Task<JsonElement> ReadLogAsync(FakeAgent agent, string action)
    {
        var payload = (await agent.ReadFrameAsync(Token)).GetProperty("payload");
        payload.GetProperty("action").GetString().ShouldBe(action);
        return payload;
    }

    private protected static Task SendLinesAsync(FakeAgent agent, JsonElement start, long seq, params (int Number, string Text)[] lines)
    {
        var data = new LogData
        {
            StreamId = start.GetProperty("stream_id").GetString()!,
            Seq = seq,
            Lines = [.. lines.Select(line => new LogLine(TimeOf(line.Number), "stdout", line.Text))],
        };
        return agent.SendAsync(
            Encoding.UTF8.GetString(FrameWriter.Event(EventNames.LogData, data, ProtocolJson.Default.LogData, DateTimeOffset.UnixEpoch)), Token);
    }

    /// <summary>The next event of a stream.</summary>
    private protected static async Task<(string Name, JsonElement Data)> NextAsync(StreamReader reader)
    {
        var name = "";
        while (await reader.ReadLineAsync(Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (name, JsonElement.Parse(line[6..]));
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }

    private protected static IEnumerable<string?> TextsOf(JsonElement data) =>
        data.GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("text").GetString());

    private static string TimeOf(int number) => $"2026-11-23T12:00:00.{number:000000000}Z";
}
