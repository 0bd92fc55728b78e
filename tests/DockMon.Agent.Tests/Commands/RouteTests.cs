using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands;

/// <summary>From a payload to the lane and the work that it asks for.</summary>
public sealed class RouteTests
{
    private readonly List<object> _seen = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_payload_is_read_once_for_lane_check_and_work()
    {
        var bound = Create(_ => { }).Bind(JsonElement.Parse("""{"container_id":"web"}"""));
        (await bound.FindLane!(Token)).ShouldBe("web");
        await bound.Run(Token);
        _seen.Count.ShouldBe(3);
        _seen.ShouldAllBe(request => ReferenceEquals(request, _seen[0]));
    }

    [Fact]
    public async Task What_would_end_the_agent_itself_is_refused_before_the_work()
    {
        var bound = Create(_ => throw new CommandException("refused")).Bind(JsonElement.Parse("""{"container_id":"web"}"""));
        (await Should.ThrowAsync<CommandException>(() => bound.Run(Token))).Message.ShouldBe("refused");
        _seen.ShouldBeEmpty();
    }

    [Fact]
    public void An_invalid_payload_is_refused_when_it_is_read() =>
        Should.Throw<CommandException>(() => Create(_ => { }).Bind(JsonElement.Parse("""{"container_id":5}"""))).Message
            .ShouldStartWith("invalid payload: $.container_id");

    [Theory]
    [InlineData("""{"container_id":"\ud800"}""")]
    [InlineData("""{"config":{"image":"x","environment":{"\ud800":"1"}}}""")]
    [InlineData("""{"config":{"volumes":[{"a":["\udc00"]}]}}""")]
    [InlineData("""{"ports":{"80":"\ud83d"}}""")]
    public void Half_of_a_surrogate_pair_anywhere_in_a_payload_is_refused_before_anything_reads_it(string payload) =>
        Should.Throw<CommandException>(() => Route.Read(JsonElement.Parse(payload), ProtocolJson.Default.ContainerOperation))
            .Message.ShouldContain("half of a surrogate pair");

    [Fact]
    public void A_whole_pair_is_a_character() =>
        Route.Read(JsonElement.Parse("""{"container_id":"\ud83d\ude00"}"""), ProtocolJson.Default.ContainerOperation).ContainerId.ShouldBe("😀");

    private Route Create(Action<ContainerOperation> refuseSelf) => Route.For(
        "stop container",
        ProtocolJson.Default.ContainerOperation,
        ProtocolJson.Default.OperationResult,
        (request, _) =>
        {
            _seen.Add(request);
            return ValueTask.FromResult(request.ContainerId!);
        },
        (request, _) =>
        {
            _seen.Add(request);
            return Task.FromResult(new OperationResult());
        },
        (request, _) =>
        {
            refuseSelf(request);
            _seen.Add(request);
            return Task.CompletedTask;
        });
}
