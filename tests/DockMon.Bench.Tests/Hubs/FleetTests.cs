using System.Text.Json;
using DockMon.Bench.Hubs;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Bench.Tests.Hubs;

/// <summary>Simulated agents say what agents say, and come back.</summary>
public sealed class FleetTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    public async Task A_message_of_any_length_goes_both_ways(int length)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.SendAsync(connection.Register);
        };
        using var socket = await AgentSocket.ConnectAsync(server.Url, ProtocolLimits.ControlPath, System.Net.IPAddress.Parse("127.0.0.2"), Token);
        var text = new byte[length];
        Array.Fill(text, (byte)'x');
        await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, text), Token);
        var answer = await socket.ReadAsync(Token);
        (answer.Opcode, answer.Payload.Length).ShouldBe((AgentSocket.Text, length));
    }

    [Fact]
    public async Task Agents_register_with_one_token_sample_and_come_back_with_their_own()
    {
        var registered = new List<RegisterRequest>();
        var frames = new List<string>();
        await using var server = await ScriptedServer.StartAsync();
        server.Script = async (context, number) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            lock (registered)
            {
                registered.Add(JsonSerializer.Deserialize(connection.Register, ProtocolJson.Default.RegisterRequest)!);
            }

            await connection.WelcomeAsync($"permanent-{number}");
            while (await connection.ReadAsync() is { } frame)
            {
                lock (frames)
                {
                    frames.Add(frame);
                }
            }
        };
        await using var fleet = new Fleet([server.Url], "one-for-all", size: 3, containers: 2, sources: 2, TimeProvider.System);
        await fleet.StartAsync(Limit, Token);
        registered.ShouldAllBe(request => request.Token == "one-for-all" && RegisterValidation.Find(request) == null);
        registered.DistinctBy(request => request.EngineId).Count().ShouldBe(3);

        // Whoever has the answer to a ping knows that everything before it was read.
        (await fleet.Agents[0].SampleAsync(second: 0, Token)).ShouldBe(3);
        (await fleet.Agents[0].SendEventsAsync(2, Token)).ShouldBe(2);
        frames.Select(frame => Frame.Parse(System.Text.Encoding.UTF8.GetBytes(frame))).Select(frame => frame.Command ?? frame.Type)
            .ShouldBe(["container_stats", "container_stats", "stats", "container_event", "container_event"]);

        (await fleet.StormAsync(events: 2, Limit, Token)).ShouldBe(6);
        await fleet.AllConfirmedAsync(Limit, Token);
        registered.Count.ShouldBe(6);
        registered[3..].ShouldAllBe(request => request.Token.StartsWith("permanent-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("list_containers", JsonValueKind.Array)]
    [InlineData("get_system_info", JsonValueKind.Object)]
    public void A_command_gets_an_answer_of_its_kind(string command, JsonValueKind kind)
    {
        var frame = AgentFrames.Answer(JsonElement.Parse($$"""{"command":"{{command}}","id":"7"}"""), agent: 1, containers: 2, TimeProvider.System.GetUtcNow());
        var answer = Frame.Parse(frame.AsSpan(frame.AsSpan().IndexOf((byte)'{')));
        answer.RequestId.ShouldBe("7");
        answer.Payload!.Value.ValueKind.ShouldBe(kind);
    }

    [Fact]
    public async Task An_agent_that_is_not_taken_yet_tries_again_and_is_counted()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = async (context, number) =>
        {
            if (number == 1)
            {
                context.Response.StatusCode = 503;
                return;
            }

            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync();
            await connection.ReadToCloseAsync();
        };
        await using var fleet = new Fleet([server.Url], "token", size: 1, containers: 1, sources: 1, TimeProvider.System);
        await fleet.StartAsync(Limit, Token);
        fleet.Refused.ShouldBe(1);
    }
}
