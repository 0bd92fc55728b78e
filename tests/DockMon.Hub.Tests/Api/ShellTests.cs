using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class ShellTests : HubTests
{
    private string ShellPath => HostPath + "/containers/c1/shell";

    [Fact]
    public async Task Input_output_and_sizes_pass_between_the_user_and_the_agent()
    {
        var (user, session) = await OpenAsync();
        await user.SendAsync("ls\n"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, Token);
        var input = await NextAsync();
        input.GetProperty("action").GetString().ShouldBe("data");
        input.GetProperty("session_id").GetString().ShouldBe(session);
        Encoding.UTF8.GetString(input.GetProperty("data").GetBytesFromBase64()).ShouldBe("ls\n");

        await HubFixture.SendAsync(user, """{"resize":{"cols":120,"rows":40}}""", Token);
        var resize = await NextAsync();
        resize.GetProperty("action").GetString().ShouldBe("resize");
        (resize.GetProperty("cols").GetInt32(), resize.GetProperty("rows").GetInt32()).ShouldBe((120, 40));

        await SayAsync(session, "started");
        await SayAsync(session, "data", $"\"data\":\"{Convert.ToBase64String("bin\n"u8)}\"");
        (await HubFixture.ReadAsync(user, Token)).ShouldBe("bin\n");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"resize":7}""")]
    [InlineData("""{"resize":{"cols":"wide","rows":1}}""")]
    [InlineData("""{"resize":{"cols":1e99,"rows":1}}""")]
    [InlineData("""{"resize":{"cols":80}}""")]
    public async Task A_text_that_is_no_size_is_ignored(string text)
    {
        var (user, _) = await OpenAsync();
        await HubFixture.SendAsync(user, text, Token);
        await user.SendAsync("next"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, Token);
        (await NextAsync()).GetProperty("action").GetString().ShouldBe("data");
    }

    [Fact]
    public async Task A_text_longer_than_any_size_ends_the_shell()
    {
        var (user, _) = await OpenAsync();
        await HubFixture.SendAsync(user, new string('x', 1024 * 1024 + 1), Token);
        (await NextAsync()).GetProperty("action").GetString().ShouldBe("close");
    }

    [Fact]
    public async Task Input_longer_than_a_frame_of_the_hub_arrives_whole_and_in_order()
    {
        var (user, _) = await OpenAsync();
        var sent = new byte[3 * 1024 * 1024];
        new Random(7).NextBytes(sent);
        await user.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, Token);
        using var received = new MemoryStream();
        while (received.Length < sent.Length)
        {
            received.Write((await NextAsync()).GetProperty("data").GetBytesFromBase64());
        }

        received.ToArray().AsSpan().SequenceEqual(sent).ShouldBeTrue();
    }

    [Theory]
    [InlineData("closed", "\"error\":\"exit code 3\"", "exit code 3")]
    [InlineData("error", "\"error\":\"no such container\"", "no such container")]
    [InlineData("closed", null, "the shell ended")]
    public async Task The_end_that_the_agent_tells_closes_the_users_socket_with_its_reason(string action, string? fields, string reason)
    {
        var (user, session) = await OpenAsync();
        await SayAsync(session, action, fields);
        await ClosesWithAsync(user, reason);
    }

    [Fact]
    public async Task Output_that_is_not_base64_ends_the_shell_and_not_the_agent()
    {
        var (user, session) = await OpenAsync();
        await SayAsync(session, "data", "\"data\":\"no base64!\"");
        (await HubFixture.ReadAsync(user, Token)).ShouldBeNull();
        user.CloseStatus.ShouldBe(WebSocketCloseStatus.NormalClosure);
        user.CloseStatusDescription!.ShouldContain("Base-64");
        IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task A_user_who_closes_has_the_agent_close_its_shell_too()
    {
        var (user, session) = await OpenAsync();
        await user.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        var close = await NextAsync();
        close.GetProperty("action").GetString().ShouldBe("close");
        close.GetProperty("session_id").GetString().ShouldBe(session);
        (await HubFixture.ReadAsync(user, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_user_who_vanishes_has_the_agent_close_its_shell_too()
    {
        var (user, _) = await OpenAsync();
        user.Abort();
        (await NextAsync()).GetProperty("action").GetString().ShouldBe("close");
    }

    [Fact]
    public async Task A_lost_agent_ends_its_shells_and_says_why()
    {
        var (user, _) = await OpenAsync();
        Agent.Socket.Abort();
        await ClosesWithAsync(user, "the connection to the host's agent was lost");
    }

    [Fact]
    public async Task Frames_of_a_shell_that_nobody_has_or_without_what_they_need_are_dropped()
    {
        var (user, session) = await OpenAsync();
        await SayAsync("nobody's", "data", "\"data\":\"AAAA\"");
        await Agent.SendEventAsync(EventNames.ShellData, """{"action":"data"}""", Token);
        await Agent.SendEventAsync(EventNames.ShellData, """{"session_id":null,"action":"data"}""", Token);
        await Agent.SendEventAsync(EventNames.ShellData, $$"""{"session_id":"{{session}}","action":null,"data":null}""", Token);
        await Agent.SendEventAsync(EventNames.ShellData, "null", Token);
        await Agent.SendEventAsync(EventNames.ShellData, "[]", Token);
        await SayAsync(session, "data", $"\"data\":\"{Convert.ToBase64String("still here"u8)}\"");
        (await HubFixture.ReadAsync(user, Token)).ShouldBe("still here");
        IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task A_shell_whose_agent_is_gone_is_a_conflict_and_one_without_a_socket_wants_one()
    {
        (await Hub.AskAsync(HttpMethod.Get, ShellPath, null, Token)).Status.ShouldBe(HttpStatusCode.UpgradeRequired);
        await LoseAgentAsync();
        (await Should.ThrowAsync<WebSocketException>(() => Hub.ConnectUserAsync(ShellPath, Token))).Message.ShouldContain("409");
        (await Should.ThrowAsync<WebSocketException>(() => Hub.ConnectUserAsync("/api/hosts/nobody/containers/c1/shell", Token))).Message.ShouldContain("404");
    }

    [Fact]
    public async Task A_reader_who_is_too_slow_for_the_number_of_messages_loses_the_shell_after_what_was_kept()
    {
        var shell = Agents.Get(Agent.HostId).OpenShell("c1");
        for (var i = 0; i < 600; i++)
        {
            shell.HandleFrame(new ShellData { SessionId = "s", Action = "data", Data = "AAAA" });
        }

        var (kept, reason) = await ReadToEndAsync(shell);
        kept.ShouldBe(512);
        reason.ShouldContain("not read fast enough");
    }

    [Fact]
    public async Task A_reader_who_is_too_slow_for_the_bytes_loses_the_shell_after_what_was_kept()
    {
        var shell = Agents.Get(Agent.HostId).OpenShell("c1");
        var data = new string('A', 4 * 1024 * 1024);
        for (var i = 0; i < 6; i++)
        {
            shell.HandleFrame(new ShellData { SessionId = "s", Action = "data", Data = data });
        }

        var (kept, reason) = await ReadToEndAsync(shell);
        kept.ShouldBe(4);
        reason.ShouldContain("not read fast enough");
    }

    [Fact]
    public async Task A_reader_who_keeps_up_may_read_more_than_is_ever_kept()
    {
        var shell = Agents.Get(Agent.HostId).OpenShell("c1");
        await using var reader = shell.ReadAllAsync(Token).GetAsyncEnumerator(Token);
        for (var i = 0; i < 1500; i++)
        {
            shell.HandleFrame(new ShellData { SessionId = "s", Action = "data", Data = new string('A', 100_000) });
            (await reader.MoveNextAsync()).ShouldBeTrue();
        }
    }

    private static async Task<(int Kept, string Reason)> ReadToEndAsync(Shell shell)
    {
        var kept = 0;
        var e = await Should.ThrowAsync<AgentException>(async () =>
        {
            await foreach (var _ in shell.ReadAllAsync(Token))
            {
                kept++;
            }
        });
        return (kept, e.Message);
    }

    private async Task<(ClientWebSocket User, string Session)> OpenAsync()
    {
        var user = await Hub.ConnectUserAsync(ShellPath, Token);
        var start = await NextAsync();
        start.GetProperty("action").GetString().ShouldBe("start");
        start.GetProperty("container_id").GetString().ShouldBe("c1");
        return (user, start.GetProperty("session_id").GetString()!);
    }

    private async Task<JsonElement> NextAsync()
    {
        var frame = await Agent.ReadFrameAsync(Token);
        frame.GetProperty("type").GetString().ShouldBe(FrameTypes.ShellSession);
        return frame.GetProperty("payload");
    }

    private Task SayAsync(string session, string action, string? fields = null) => Agent.SendEventAsync(
        EventNames.ShellData,
        $$"""{"session_id":"{{session}}","action":"{{action}}"{{(fields is null ? "" : "," + fields)}}}""",
        Token);

    private static async Task ClosesWithAsync(ClientWebSocket user, string reason)
    {
        (await HubFixture.ReadAsync(user, Token)).ShouldBeNull();
        (user.CloseStatus, user.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.NormalClosure, reason));
    }
}
