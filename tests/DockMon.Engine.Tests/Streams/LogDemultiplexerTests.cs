using System.Buffers.Binary;
using System.Text;
using CsCheck;

namespace DockMon.Engine.Tests;

public sealed class LogDemultiplexerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task Whatever_was_framed_comes_out_however_it_is_divided()
    {
        var frame = Gen.Select(Gen.Int[0, 2], Gen.Byte.Array[0, 40]);
        return Gen.Select(frame.Array[0, 12], Gen.Int[1, 30].Array[1, 30]).SampleAsync(async (frames, sizes) =>
        {
            var bytes = frames.SelectMany(f => Frame((byte)f.Item1, f.Item2)).ToArray();
            var got = await ReadAllAsync(new PiecewiseStream(Divide(bytes, sizes)));
            return got.SequenceEqual(frames.Where(f => f.Item2.Length > 0).Select(f => Convert.ToHexString(f.Item2)));
        }, iter: 1000);
    }

    [Fact]
    public async Task A_stream_cut_anywhere_inside_a_frame_is_an_error()
    {
        var frame = Frame(1, "hello"u8.ToArray());
        for (var cut = 1; cut < frame.Length; cut++)
        {
            var stream = new PiecewiseStream(frame[..cut]);
            (await Should.ThrowAsync<EngineException>(() => ReadAllAsync(stream))).Message.ShouldContain("in the middle of a frame");
        }
    }

    [Fact]
    public async Task A_frame_longer_than_the_buffer_comes_whole()
    {
        var payload = new byte[100_000];
        Random.Shared.NextBytes(payload);
        (await ReadAllAsync(new PiecewiseStream(Frame(2, payload)))).ShouldBe([Convert.ToHexString(payload)]);
    }

    [Theory]
    [InlineData("plain text of a terminal")]
    [InlineData("\u0001\u0000\u0000\u0000\u007f\u007f\u007f\u007f")]
    [InlineData("\u0004\u0000\u0000\u0000\u0000\u0000\u0000\u0001x")]
    public async Task What_is_not_framed_is_an_error(string text)
    {
        var stream = new PiecewiseStream(Encoding.UTF8.GetBytes(text));
        (await Should.ThrowAsync<EngineException>(() => ReadAllAsync(stream))).Message.ShouldContain("not divided into frames");
    }

    [Fact]
    public async Task The_engines_own_error_in_the_stream_is_an_error()
    {
        var stream = new PiecewiseStream(Frame(3, "error from daemon in stream: broken\n"u8.ToArray()));
        (await Should.ThrowAsync<EngineException>(() => ReadAllAsync(stream))).Message.ShouldBe("error from daemon in stream: broken");
    }

    internal static byte[] Frame(byte kind, byte[] payload)
    {
        var frame = new byte[8 + payload.Length];
        frame[0] = kind;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)payload.Length);
        payload.CopyTo(frame, 8);
        return frame;
    }

    private static byte[][] Divide(byte[] bytes, int[] sizes)
    {
        var pieces = new List<byte[]>();
        for (int at = 0, i = 0; at < bytes.Length; i++)
        {
            var size = Math.Min(sizes[i % sizes.Length], bytes.Length - at);
            pieces.Add(bytes[at..(at + size)]);
            at += size;
        }

        return [.. pieces];
    }

    private static async Task<List<string>> ReadAllAsync(Stream stream)
    {
        using var frames = new LogDemultiplexer(stream);
        var found = new List<string>();
        while (await frames.ReadAsync(Ct) is { IsEmpty: false } data)
        {
            found.Add(Convert.ToHexString(data.Span));
        }

        return found;
    }
}
