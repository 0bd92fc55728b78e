using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Logs;

public sealed class LogStreamTests : HubTests
{
    private string Path => HostPath + "/containers/web/logs/stream";

    [Fact]
    public async Task Lines_of_the_agent_are_told_as_they_come_until_the_log_ends()
    {
        var agent = await ConnectAsync();
        using var reader = await OpenAsync("?tail=5&since=2026-11-23T11:00:00Z");
        var start = await ReadAsync(agent, "start");
        start.GetProperty("container_id").GetString().ShouldBe("web");
        start.GetProperty("tail").GetInt32().ShouldBe(5);
        start.GetProperty("since").GetString().ShouldBe("2026-11-23T11:00:00Z");
        start.GetProperty("credit").GetInt32().ShouldBe(16);

        await SendAsync(agent, start, 1, (1, "one"), (2, "two \u001b[1m\n"));
        var (id, name, data) = await NextAsync(reader);
        (id, name).ShouldBe((TimeOf(2) + "/1", "log"));
        data.GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("text").GetString()).ShouldBe(["one", "two \u001b[1m\n"]);
        data.GetProperty("lines")[0].GetProperty("time").GetString().ShouldBe(TimeOf(1));
        data.GetProperty("lines")[0].GetProperty("stream").GetString().ShouldBe("stdout");

        await EndAsync(agent, start, "removed");
        var end = await NextAsync(reader);
        end.Name.ShouldBe("end");
        end.Data.GetProperty("reason").GetString().ShouldBe("removed");
        (await reader.ReadToEndAsync(Token)).Trim().ShouldBeEmpty("nothing comes after the end");
    }

    [Fact]
    public async Task A_client_that_comes_back_gets_what_it_has_not_and_nothing_twice()
    {
        var agent = await ConnectAsync();
        string last;
        using (var first = await OpenAsync())
        {
            var start = await ReadAsync(agent, "start");
            await SendAsync(agent, start, 1, (1, "one"), (2, "a"), (2, "b"));
            (last, _, _) = await NextAsync(first);
            last.ShouldBe(TimeOf(2) + "/2");
        }

        await ReadAsync(agent, "stop");
        using var again = await OpenAsync(lastId: last);
        var resumed = await ReadAsync(agent, "start");
        resumed.GetProperty("since").GetString().ShouldBe(TimeOf(2));
        resumed.GetProperty("tail").GetInt32().ShouldBe(-1);
        await SendAsync(agent, resumed, 1, (2, "a"), (2, "b"), (2, "c"), (3, "d"));
        var (id, _, data) = await NextAsync(again);
        TextsOf(data).ShouldBe(["c", "d"]);
        id.ShouldBe(TimeOf(3) + "/1");
    }

    [Fact]
    public async Task An_outage_of_the_agent_costs_no_line()
    {
        var agent = await ConnectAsync();
        using var reader = await OpenAsync();
        var start = await ReadAsync(agent, "start");
        await SendAsync(agent, start, 1, (1, "one"), (2, "two"));
        TextsOf((await NextAsync(reader)).Data).ShouldBe(["one", "two"]);

        await agent.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Token);
        (await NextAsync(reader)).Name.ShouldBe("waiting");
        agent = await ConnectAsync();
        var again = await ReadAsync(agent, "start");
        again.GetProperty("since").GetString().ShouldBe(TimeOf(2));
        again.GetProperty("stream_id").GetString().ShouldNotBe(start.GetProperty("stream_id").GetString());
        await SendAsync(agent, again, 1, (2, "two"), (3, "three"));
        TextsOf((await NextAsync(reader)).Data).ShouldBe(["three"]);
    }

    [Fact]
    public async Task A_host_that_is_removed_meanwhile_ends_the_log()
    {
        var agent = await ConnectAsync();
        using var reader = await OpenAsync();
        await ReadAsync(agent, "start");
        await Hub.AskAsync(HttpMethod.Delete, HostPath, null, Token);
        (await NextAsync(reader)).Name.ShouldBe("waiting");
        var (_, name, data) = await NextAsync(reader);
        name.ShouldBe("end");
        data.GetProperty("error").GetString()!.ShouldStartWith("the host was removed");
    }

    [Fact]
    public async Task What_was_read_gives_the_agent_credit_for_more()
    {
        var agent = await ConnectAsync();
        using var reader = await OpenAsync();
        var start = await ReadAsync(agent, "start");
        for (var i = 1; i <= 8; i++)
        {
            await SendAsync(agent, start, i, (i, $"{i}"));
            TextsOf((await NextAsync(reader)).Data).ShouldBe([$"{i}"]);
        }

        (await ReadAsync(agent, "credit")).GetProperty("credit").GetInt32().ShouldBe(8);
    }

    [Theory]
    [InlineData("""{"seq":2,"lines":[]}""", "lines of the log are missing: frame 1 did not arrive")]
    [InlineData("""{"seq":1,"lines":[null]}""", "the agent sent lines of the log that are none")]
    [InlineData("""{"seq":1,"lines":[{"time":"x\nevent: forged","stream":"stdout","text":""}]}""", "the agent sent lines of the log that are none")]
    [InlineData("""{"seq":1,"lines":[{"time":"2026-11-23T12:00:00Z","stream":"stdin","text":""}]}""", "the agent sent lines of the log that are none")]
    public async Task An_agent_that_does_not_keep_to_the_protocol_ends_only_this_log(string data, string error)
    {
        var agent = await ConnectAsync();
        using var reader = await OpenAsync();
        var id = (await ReadAsync(agent, "start")).GetProperty("stream_id").GetString();
        await agent.SendEventAsync(EventNames.LogData, $"{{\"stream_id\":\"{id}\",{data[1..]}", Token);
        var end = await NextAsync(reader);
        (end.Name, end.Data.GetProperty("error").GetString()).ShouldBe(("end", error));
        await agent.SendEventAsync(EventNames.LogData, """{"stream_id":"other","seq":1,"lines":null}""", Token);
        Hub.App.Services.ShouldNotBeNull();
        agent.Socket.State.ShouldBe(WebSocketState.Open);
    }

    [Fact]
    public async Task An_agent_without_the_extension_is_said_to_have_none()
    {
        var (status, body) = await Hub.AskAsync(HttpMethod.Get, Path, null, Token);
        status.ShouldBe(HttpStatusCode.NotImplemented);
        body.ShouldContain("cannot follow logs");
    }

    [Fact]
    public async Task A_host_that_is_not_connected_or_not_there_is_said_to_be_so()
    {
        await Agent.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Token);
        await Retry.UntilAsync(
            "it is disconnected", async () => (await Hub.AskAsync(HttpMethod.Get, Path, null, Token)).Status == HttpStatusCode.Conflict, ct: Token);
        (await Hub.AskAsync(HttpMethod.Get, "/api/hosts/none/containers/web/logs/stream", null, Token)).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_stream_says_that_it_is_alive_while_nothing_is_written()
    {
        var agent = await ConnectAsync();
        using var reader = await OpenAsync();
        await ReadAsync(agent, "start");
        (await reader.ReadLineAsync(Token)).ShouldBe("");
        var line = reader.ReadLineAsync(Token).AsTask();
        await Retry.UntilAsync("a comment comes", () =>
        {
            Hub.Time.Advance(TimeSpan.FromSeconds(15));
            return line.IsCompleted;
        }, ct: Token);
        (await line).ShouldBe(": alive");
    }

    private static string TimeOf(int number) => $"2026-11-23T12:00:00.{number:000000000}Z";

    private static IEnumerable<string?> TextsOf(JsonElement data) =>
        data.GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("text").GetString());

    private static async Task<JsonElement> ReadAsync(FakeAgent agent, string action)
    {
        var frame = await agent.ReadFrameAsync(Token);
        frame.GetProperty("type").GetString().ShouldBe("log_stream");
        var payload = frame.GetProperty("payload");
        payload.GetProperty("action").GetString().ShouldBe(action);
        return payload;
    }

    private static Task SendAsync(FakeAgent agent, JsonElement start, long seq, params (int Number, string Text)[] lines)
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

    private static Task EndAsync(FakeAgent agent, JsonElement start, string reason) =>
        agent.SendEventAsync(EventNames.LogEnd, $$"""{"stream_id":"{{start.GetProperty("stream_id").GetString()}}","reason":"{{reason}}"}""", Token);

    private static async Task<(string Id, string Name, JsonElement Data)> NextAsync(StreamReader reader)
    {
        var (id, name) = ("", "");
        while (await reader.ReadLineAsync(Token) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (id, name, JsonElement.Parse(line[6..]));
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }

    private Task<FakeAgent> ConnectAsync() => Hub.ReconnectAsync(Agent, Token, ExtensionNames.LogStream);

    private async Task<StreamReader> OpenAsync(string query = "", string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path + query);
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        var response = await Hub.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Token));
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        return reader;
    }
}
