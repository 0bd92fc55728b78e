using System.Text;
using System.Text.Json;
using CsCheck;
using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

/// <summary>Whatever comes in, reading a frame ends with a frame or with a <see cref="JsonException"/>.</summary>
public sealed class HostileFrameTests
{
    private static readonly byte[][] Samples = [.. Wire.Lines.Select(line => line.Bytes)];

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("7")]
    [InlineData("\"text\"")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{\"type\":7}")]
    [InlineData("{\"type\":{}}")]
    [InlineData("{\"id\":[]}")]
    [InlineData("{\"success\":\"yes\"}")]
    [InlineData("{\"type\":\"\\ud800\"}")]
    [InlineData("{\"type\":\"command\",}")]
    [InlineData("/* */{}")]
    public void What_is_no_frame_is_refused(string text) => Should.Throw<JsonException>(() => Frame.Parse(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("", "[", "")]
    [InlineData("", "{\"a\":", "")]
    [InlineData("{\"payload\":", "[", "")]
    [InlineData("{\"payload\":", "{\"a\":", "")]
    [InlineData("{\"unknown\":", "[", "")]
    public void A_frame_nested_100_000_deep_is_refused(string before, string nested, string after)
    {
        var text = before + string.Concat(Enumerable.Repeat(nested, 100_000)) + after;

        Should.Throw<JsonException>(() => Frame.Parse(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void A_complete_frame_deeper_than_the_limit_is_refused()
    {
        var text = $"{{\"payload\":{new string('[', ProtocolLimits.JsonDepth)}{new string(']', ProtocolLimits.JsonDepth)}}}";

        Should.Throw<JsonException>(() => Frame.Parse(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void A_frame_as_deep_as_the_limit_is_read()
    {
        var levels = ProtocolLimits.JsonDepth - 1;
        var text = $"{{\"payload\":{new string('[', levels)}{new string(']', levels)}}}";

        Frame.Parse(Encoding.UTF8.GetBytes(text)).Payload.ShouldNotBeNull();
    }

    [Fact]
    public void Fields_nobody_knows_are_ignored() =>
        Frame.Parse("""{"type":"command","from":{"the":["future"]},"id":"7"}"""u8).ShouldBe(new Frame { Type = "command", Id = "7" });

    [Fact]
    public void Random_bytes_are_refused_or_read() => Gen.Byte.Array[0, 200].Sample(Read, iter: 2000);

    [Fact]
    public void Random_JSON_like_text_is_refused_or_read() =>
        Gen.OneOf("{", "}", "[", "]", ":", ",", "\"type\"", "\"payload\"", "\"id\"", "\"\\ud800\"", "\"command\"", "1e999", "-0", "null", "true", "\"")
            .Array[0, 30].Sample(parts => Read(Encoding.UTF8.GetBytes(string.Concat(parts))), iter: 5000);

    [Fact]
    public void A_captured_frame_with_broken_bytes_is_refused_or_read() =>
        Gen.Select(Gen.OneOf(Samples), Gen.Select(Gen.Int[0, int.MaxValue], Gen.Byte).Array[1, 5], Gen.Int[0, 40])
            .Sample((sample, changes, cut) =>
            {
                var broken = sample[..Math.Max(1, sample.Length - cut)].ToArray();
                foreach (var (place, value) in changes)
                {
                    broken[place % broken.Length] = value;
                }

                Read(broken);
            }, iter: 5000);

    private static void Read(byte[] bytes)
    {
        Frame frame;
        try
        {
            frame = Frame.Parse(bytes);
        }
        catch (JsonException)
        {
            return;
        }

        // A payload is read later, as its own type, and must keep the same promise.
        try
        {
            frame.Payload?.Deserialize(ProtocolJson.Default.ContainerOperation);
            frame.Payload?.Deserialize(ProtocolJson.Default.UpdateContainerRequest);
            JsonSerializer.Deserialize(bytes, ProtocolJson.Default.RegisterRequest);
        }
        catch (JsonException)
        {
            // That is the promise.
        }
    }
}
