using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

public sealed class FrameWriterTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 8, 24, 59, TimeSpan.Zero);

    [Fact]
    public void A_response_carries_the_payload_byte_for_byte()
    {
        var payload = "{ \"Size\" : 1.0e3, \"Name\":\"\\u00fc<&\" }"u8;

        Text(FrameWriter.Response("7", payload, Now))
            .ShouldBe("""{"type":"response","id":"7","payload":{ "Size" : 1.0e3, "Name":"\u00fc<&" },"timestamp":"2026-11-23T08:24:59.0000000Z"}""");
    }

    [Fact]
    public void A_failed_response_has_an_error_and_no_payload() =>
        Text(FrameWriter.ResponseError("7", "No such container: \"ä\"", Now))
            .ShouldBe("""{"type":"response","id":"7","error":"No such container: \"ä\"","timestamp":"2026-11-23T08:24:59.0000000Z"}""");

    [Theory]
    [InlineData("", """{"correlation_id":"7","success":true}""")]
    [InlineData("{}", """{"correlation_id":"7","success":true}""")]
    [InlineData(" { \n } ", """{"correlation_id":"7","success":true}""")]
    [InlineData("""{"status":"started"}""", """{"correlation_id":"7","success":true,"status":"started"}""")]
    [InlineData(""" {"a": {"b":[{}]} } """, """{"correlation_id":"7","success":true,"a": {"b":[{}]}}""")]
    public void An_operation_result_takes_the_fields_in(string fields, string frame) =>
        Text(FrameWriter.OperationResult("7", Encoding.UTF8.GetBytes(fields))).ShouldBe(frame);

    [Fact]
    public void A_failed_operation_says_why() =>
        Text(FrameWriter.OperationError("7", "it <failed>")).ShouldBe("""{"correlation_id":"7","success":false,"error":"it <failed>"}""");

    [Fact]
    public void An_event_has_its_name_its_payload_and_a_time() =>
        Text(FrameWriter.Event(EventNames.ShellData, new ShellData { SessionId = "s", Action = "started" }, ProtocolJson.Default.ShellData, Now))
            .ShouldBe("""{"type":"event","command":"shell_data","payload":{"session_id":"s","action":"started"},"timestamp":"2026-11-23T08:24:59.0000000Z"}""");

    [Fact]
    public void The_payload_of_an_event_can_be_sent_without_the_event()
    {
        var data = new ShellData { SessionId = "ü", Action = "started" };

        var frame = FrameWriter.Event(EventNames.ShellData, data, ProtocolJson.Default.ShellData, Now, out var payload);

        Text(frame[payload]).ShouldBe("""{"session_id":"ü","action":"started"}""");
    }

    [Fact]
    public void A_request_has_its_id_twice() =>
        Text(FrameWriter.Request(FrameTypes.Command, CommandNames.ListImages, "{}"u8, "7"))
            .ShouldBe("""{"type":"command","command":"list_images","payload":{},"id":"7","correlation_id":"7"}""");

    [Fact]
    public void A_request_leaves_out_what_it_has_not() =>
        Text(FrameWriter.Request(FrameTypes.HealthCheckConfigRemove, null, default, null)).ShouldBe("""{"type":"health_check_config_remove"}""");

    [Fact]
    public void Whatever_an_id_or_an_error_contains_the_frame_is_JSON() =>
        Gen.Select(Gen.String, Gen.String).Sample((id, error) =>
        {
            var response = JsonNode.Parse(FrameWriter.ResponseError(id, error, Now))!;
            var operation = JsonNode.Parse(FrameWriter.OperationError(id, error))!;

            response["id"]!.GetValue<string>().ShouldBe(Sendable(id));
            response["error"]!.GetValue<string>().ShouldBe(Sendable(error));
            operation["correlation_id"]!.GetValue<string>().ShouldBe(Sendable(id));
        });

    /// <summary>Half a surrogate pair has no UTF-8: it becomes U+FFFD.</summary>
    private static string Sendable(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Text(byte[] frame) => Encoding.UTF8.GetString(frame);
}
