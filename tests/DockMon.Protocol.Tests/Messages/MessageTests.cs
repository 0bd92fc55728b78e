using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

public sealed partial class MessageTests
{
    public static TheoryData<Type> Vocabularies =>
        [
            typeof(FrameTypes),
            typeof(EventNames),
            typeof(CommandNames),
            typeof(OperationActions),
            typeof(UpdateStages),
            typeof(HostnameSources),
            typeof(Capabilities)
        ];

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Names_on_the_wire_are_snake_case_and_each_has_one_meaning(Type vocabulary)
    {
        var names = vocabulary.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!)
            .ToList();
        names.ShouldNotBeEmpty();
        names.ShouldAllBe(name => SnakeCase().IsMatch(name));
        names.ShouldBeUnique();
    }

    [Theory]
    [InlineData("""{"action":"stop","container_id":"c","timeout":5}""")]
    [InlineData("""{"action":"stop","container_id":"c","timeout":"5"}""")]
    [InlineData("""{"timeout":5,"container_id":"c","action":"stop"}""")]
    [InlineData("""{"action":"stop","container_id":"c","timeout":5,"force":null,"tail":null}""")]
    [InlineData("""{"action":"stop","container_id":"c","timeout":5,"from":{"the":["future"]}}""")]
    public void An_operation_is_read_whatever_order_unknown_fields_and_nulls_it_has(string json) =>
        Read(json).ShouldBe(new ContainerOperation { Action = "stop", ContainerId = "c", Timeout = 5 });

    [Theory]
    [InlineData("""{"timeout":5.5}""")]
    [InlineData("""{"timeout":true}""")]
    [InlineData("""{"timeout":"soon"}""")]
    [InlineData("""{"timeout":99999999999}""")]
    [InlineData("""{"force":"true"}""")]
    [InlineData("""{"force":1}""")]
    [InlineData("""{"action":7}""")]
    [InlineData("""{"action":["stop"]}""")]
    [InlineData("[]")]
    [InlineData("\"stop\"")]
    public void A_field_of_another_type_is_refused(string json) => Should.Throw<JsonException>(() => Read(json));

    [Theory]
    [InlineData("""{"Action":"stop"}""")]
    [InlineData("""{"ACTION":"stop"}""")]
    public void Names_of_fields_are_as_they_are_written(string json) => Read(json).Action.ShouldBeNull();

    [Fact]
    public void What_is_null_is_left_out()
    {
        JsonSerializer.Serialize(new ContainerOperation { Action = "start" }, ProtocolJson.Default.ContainerOperation).ShouldBe("""{"action":"start"}""");
        JsonSerializer.Serialize(new ShellData { SessionId = "s", Action = "started" }, ProtocolJson.Default.ShellData)
            .ShouldBe("""{"session_id":"s","action":"started"}""");
    }

    [Theory]
    [InlineData("""{"action":"data"}""")]
    [InlineData("""{"session_id":"s"}""")]
    [InlineData("{}")]
    public void Output_of_a_shell_has_its_session_and_its_action(string json) =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(json, ProtocolJson.Default.ShellData));

    [Fact]
    public void A_registration_takes_no_field_that_it_does_not_know()
    {
        const string Json = """{"type":"register","token":"t","engine_id":"e","hostname":"h","version":"3","proto_version":"1.1","capabilities":{}}""";
        Should.NotThrow(() => JsonSerializer.Deserialize(Json, ProtocolJson.Default.RegisterRequest));
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(Json[..^1] + ",\"extra\":1}", ProtocolJson.Default.RegisterRequest)).Message
            .ShouldContain("extra");
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(
            Json.Replace("\"engine_id\":\"e\",", "", StringComparison.Ordinal),
            ProtocolJson.Default.RegisterRequest));
    }

    [Fact]
    public void Answers_and_events_of_the_agent_can_be_told_apart_from_requests()
    {
        var frames = new[]
        {
            Frame.Parse(FrameWriter.Response("1", "{}"u8, DateTimeOffset.UnixEpoch)),
            Frame.Parse(FrameWriter.ResponseError("2", "no", DateTimeOffset.UnixEpoch)),
            Frame.Parse(FrameWriter.OperationResult("3", default)),
            Frame.Parse(FrameWriter.OperationError("4", "no")),
        };
        frames.Select(frame => (frame.Type, frame.RequestId, frame.Error, frame.Success)).ShouldBe([
            (FrameTypes.Response, "1", null, null), (FrameTypes.Response, "2", "no", null), (null, "3", null, true), (null, "4", "no", false),
        ]);
    }

    private static ContainerOperation Read(string json) => JsonSerializer.Deserialize(json, ProtocolJson.Default.ContainerOperation)!;

    [GeneratedRegex("^[a-z0-9]+(_[a-z0-9]+)*$")]
    private static partial Regex SnakeCase();
}
