using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using CsCheck;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Threading;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class ServerSocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Frames_that_wait_together_leave_in_one_write()
    {
        var wire = new Wire();
        using var socket = wire.Open();
        for (var i = 0; i < 30; i++)
        {
            await socket.SendAsync(new byte[500], Token);
        }

        wire.Writes.ShouldBeEmpty();
        await socket.FlushAsync(Token);
        wire.Writes.Count.ShouldBe(1);
        await socket.FlushAsync(Token);
        wire.Writes.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Pongs_and_close_are_never_kept_and_do_not_overtake_what_is()
    {
        var wire = new Wire(toRead: [0x89, 0x00]);
        using var socket = wire.Open();
        await socket.SendAsync("one"u8.ToArray(), Token);

        // It answers the ping, and then finds the end of the stream.
        await Should.ThrowAsync<WebSocketException>(async () => await socket.WebSocket.ReceiveAsync(new byte[10].AsMemory(), Token));
        wire.Opcodes().ShouldBe([1, 10]);
    }

    [Fact]
    public async Task Close_leaves_with_what_was_kept_before_it()
    {
        var wire = new Wire();
        using var socket = wire.Open();
        await socket.SendAsync("one"u8.ToArray(), Token);
        await Should.ThrowAsync<OperationCanceledException>(async () => await socket.FlushAsync(new CancellationToken(canceled: true)));
        await socket.WebSocket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "bye", Token);
        wire.Opcodes().ShouldBe([1, 8]);
    }

    [Fact]
    public async Task Pings_get_between_frames_and_pieces_of_frames_and_their_answers_come_back_with_their_numbers()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndpoint).Port, Token);
        using var accepted = await listener.AcceptTcpClientAsync(Token);
        using var server = WebSocket.CreateFromStream(accepted.GetStream(), new WebSocketCreationOptions { IsServer = true });
        using var socket = new Wire(client.GetStream()).Open();
        var answered = new System.Collections.Concurrent.ConcurrentQueue<long>();
        socket.Ponged = answered.Enqueue;
        var receiving = socket.WebSocket.ReceiveAsync(new byte[10].AsMemory(), Token).AsTask();
        var texts = Enumerable.Range(0, 20).Select(i => new string((char)('a' + i), i % 2 == 0 ? 10 : 600_000)).ToList();
        var sending = Task.Run(async () =>
        {
            foreach (var text in texts)
            {
                await socket.SendAsync(Encoding.UTF8.GetBytes(text), Token);
                await socket.FlushAsync(Token);
            }
        }, Token);
        var pinging = Task.Run(async () =>
        {
            for (var number = long.MaxValue - 49; number > 0; number++)
            {
                await socket.PingAsync(_ => number, Token);
                if (number == long.MaxValue)
                {
                    return;
                }
            }
        }, Token);
        foreach (var text in texts)
        {
            (await Wire.ReadTextAsync(server)).ShouldBe(text);
        }

        await server.SendAsync("last"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Token);
        await Task.WhenAll(sending, pinging);
        (await receiving).Count.ShouldBe(4);
        // The server answers while it reads, and it may have read the last text before the last pings.
        await socket.SendAsync("end"u8.ToArray(), Token);
        await socket.FlushAsync(Token);
        await Wire.ReadTextAsync(server);
        await server.SendAsync("end"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Token);
        await socket.WebSocket.ReceiveAsync(new byte[10].AsMemory(), Token);
        answered.ShouldBe(Enumerable.Range(0, 50).Select(i => long.MaxValue - 49 + i));
    }

    [Fact]
    public Task Frames_of_any_size_arrive_as_they_were_sent() =>
        Gen.Select(Gen.OneOf(Gen.Int[0, 300], Gen.Int[16_300, 16_400], Gen.Int[262_100, 262_200]), Gen.Bool).Array[1, 12].SampleAsync(async frames =>
        {
            var wire = new Wire();
            using var socket = wire.Open();
            foreach (var ((size, isLast), i) in frames.Select((frame, i) => (frame, i)))
            {
                await socket.SendAsync(Enumerable.Repeat((byte)('a' + i), size).ToArray(), CancellationToken.None);
                if (isLast)
                {
                    await socket.FlushAsync(CancellationToken.None);
                }
            }

            await socket.FlushAsync(CancellationToken.None);
            foreach (var ((size, _), text) in frames.Zip(await wire.ReadAsync(frames.Length)))
            {
                text.Length.ShouldBe(size);
            }
        }, iter: 50);

    [Fact]
    public async Task A_connection_writes_all_samples_of_a_moment_at_once()
    {
        using var folder = new TemporaryFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndpoint).Port, Token);
        using var accepted = await listener.AcceptTcpClientAsync(Token);
        using var server = WebSocket.CreateFromStream(accepted.GetStream(), new WebSocketCreationOptions { IsServer = true });
        var wire = new Wire(client.GetStream());
        var registering = ServerConnection.RegisterAsync(wire.Open(), LinkFixture.Describe("token"), TimeProvider.System, NullLogger.Instance, Token);
        await Wire.ReadTextAsync(server);
        await server.SendAsync(
            FrameWriter.Message(new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = "t" }, ProtocolJson.Default.AuthSuccess),
            WebSocketMessageType.Text,
            endOfMessage: true,
            Token);
        using var connection = (await registering).Connection;
        var outbound = new Outbound(new Outbox(folder.Path), TimeProvider.System, NullLogger<Outbound>.Instance);
        outbound.PostStats([.. Enumerable.Range(0, 30).Select(i => new KeyedFrame($"{i}", Encoding.UTF8.GetBytes($"sample {i}")))]);
        wire.Writes.Clear();

        using var stop = new CancellationTokenSource();
        var running = connection.RunAsync(_ => { }, outbound, () => Task.CompletedTask, new AsyncSignal(), stop.Token);
        for (var i = 0; i < 30; i++)
        {
            (await Wire.ReadTextAsync(server)).ShouldBe($"sample {i}");
        }

        wire.Writes.Count.ShouldBe(1);
        await stop.CancelAsync();
        // Whether it closes or is closed, it waits for this, and perhaps for nothing more.
        await server.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Token);
        await running;
    }

    /// <summary>A stream that keeps what is written to it, write by write.</summary>
    /// <param name="inner">Where it goes on to; null for nowhere.</param>
    /// <param name="toRead">What there is to read when it goes nowhere.</param>
    private sealed class Wire(Stream? inner = null, byte[]? toRead = null) : MemoryStream(toRead ?? [])
    {
        public List<byte[]> Writes { get; } = [];

        public ServerSocket Open()
        {
            var stream = new GatheringStream(this);
            return new ServerSocket(WebSocket.CreateFromStream(stream, new WebSocketCreationOptions()), stream, new OwnTokens());
        }

        /// <summary>The kinds of the frames that were written, all of them short.</summary>
        public IEnumerable<int> Opcodes()
        {
            var bytes = Writes.SelectMany(write => write).ToArray();
            for (var i = 0; i < bytes.Length; i += 2 + 4 + (bytes[i + 1] & 0x7f))
            {
                yield return bytes[i] & 0x0f;
            }
        }

        /// <summary>The first messages that were written.</summary>
        public async Task<List<string>> ReadAsync(int count)
        {
            using var server = WebSocket.CreateFromStream(
                new MemoryStream(Writes.SelectMany(write => write).ToArray()),
                new WebSocketCreationOptions { IsServer = true });
            var texts = new List<string>();
            while (texts.Count < count)
            {
                texts.Add(await ReadTextAsync(server));
            }

            return texts;
        }

        public static async Task<string> ReadTextAsync(WebSocket socket)
        {
            using var text = new MemoryStream();
            var buffer = new byte[4096];
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(), Token);
                text.Write(buffer, 0, result.Count);
                if (result.EndOfMessage)
                {
                    return Encoding.UTF8.GetString(text.ToArray());
                }
            }
        }

        protected override void Dispose(bool disposing)
        {
            inner?.Dispose(); // Or nobody who reads its other end would ever know.
            base.Dispose(disposing);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner is null ? base.ReadAsync(buffer, cancellationToken) : inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Writes.Add(buffer.ToArray());
            return inner is null ? ValueTask.CompletedTask : inner.WriteAsync(buffer, cancellationToken);
        }
    }
}
