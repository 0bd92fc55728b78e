using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using CsCheck;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Bench.Tests;

/// <summary>What a real WebSocket writes is counted as it was sent, in whatever pieces it passes.</summary>
public sealed class FrameCounterTests
{
    private const string Head = "GET /api/agent/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";

    [Fact]
    public void Frames_of_every_length_are_counted_in_whatever_pieces_they_come() =>
        Gen.Select(Gen.OneOf(Gen.Int[0, 300], Gen.Int[65_530, 65_540]).Array[1, 8], Gen.Bool, Gen.Int[1, 5000].Array[1, 20]).Sample((lengths, masked, pieces) =>
        {
            var bytes = Write(lengths, masked);
            var heads = new List<string>();
            var frames = new List<int>();
            var counter = new FrameCounter(heads.Add, frames.Add);
            for (var (i, at) = (0, 0); at < bytes.Length; i++)
            {
                var piece = Math.Min(pieces[i % pieces.Length], bytes.Length - at);
                counter.Take(bytes.AsSpan(at, piece));
                at += piece;
            }

            heads.ShouldBe(["GET /api/agent/ws HTTP/1.1"]);
            frames.ShouldBe(Enumerable.Repeat(1, lengths.Length));
        });

    [Fact]
    public void A_close_frame_is_told_from_a_message()
    {
        var frames = new List<int>();
        var counter = new FrameCounter(_ => { }, frames.Add);
        using var stream = new MemoryStream();
        stream.Write(System.Text.Encoding.ASCII.GetBytes(Head));
        stream.Write([0x81, 0x01, (byte)'x', 0x88, 0x00, 0x81, 0x00]);

        counter.Take(stream.ToArray());

        frames.ShouldBe([1, 8, 1]);
    }

    [Fact]
    public async Task What_passes_a_proxy_is_counted_by_socket()
    {
        var ct = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var traffic = new Traffic(TimeProvider.System);
        await using var proxy = FaultProxy.Start(((IPEndPoint)listener.LocalEndpoint).Port, traffic.Watch);
        var answered = traffic.NextAnswer();

        using var stats = new TcpClient();
        await stats.ConnectAsync(IPAddress.Loopback, proxy.Port, ct);
        using var control = new TcpClient();
        await control.ConnectAsync(IPAddress.Loopback, proxy.Port, ct);
        await stats.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(Head.Replace("agent/ws", "stats/ws/ingest", StringComparison.Ordinal)), ct);
        await stats.GetStream().WriteAsync((byte[])[0x81, 0x01, (byte)'x'], ct);
        using var server = await listener.AcceptTcpClientAsync(ct);
        await Retry.UntilAsync("the stats frame was counted", () => traffic.Sent.StatsFrames == 1, ct: ct);
        answered.IsCompleted.ShouldBeFalse();

        await control.GetStream().WriteAsync(Write([5, 7], masked: true), ct);
        await Retry.UntilAsync("both control frames were counted", () => traffic.Sent is { ControlFrames: 2, StatsFrames: 1 }, ct: ct);
        traffic.Sent.Bytes.ShouldBe(Head.Length + "stats/ws/ingest".Length - "agent/ws".Length + 3 + Write([5, 7], masked: true).Length);

        using var other = await listener.AcceptTcpClientAsync(ct);
        foreach (var accepted in new[] { server, other })
        {
            await accepted.GetStream().WriteAsync("HTTP/1.1 101 Switching Protocols\r\n\r\n"u8.ToArray(), ct);
            await accepted.GetStream().WriteAsync((byte[])[0x81, 0x00], ct);
        }

        await answered.WaitAsync(Retry.DefaultTimeout, TimeProvider.System, ct);
    }

    private static byte[] Write(int[] lengths, bool masked)
    {
        using var stream = new MemoryStream();
        stream.Write(System.Text.Encoding.ASCII.GetBytes(Head));
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = !masked });
        foreach (var length in lengths)
        {
            // On a stream in memory it is done when it returns.
            socket.SendAsync(new byte[length], WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken).IsCompletedSuccessfully
                .ShouldBeTrue();
        }

        return stream.ToArray();
    }
}
