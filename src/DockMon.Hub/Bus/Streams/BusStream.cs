using System.Buffers.Binary;
using System.Text;
using System.Threading.Channels;
using DockMon.Hub.Agents;

namespace DockMon.Hub.Bus.Streams;

/// <summary>
/// A stream of messages between two hubs, both ways. Frames have at most 32 KiB and a number; a number that is missing ends the stream. Each side
/// may send 64 frames before the other has read some of them.
/// </summary>
internal sealed class BusStream : IAsyncDisposable
{
    /// <summary>Maximum size of what a frame carries.</summary>
    public const int FrameBytes = 32 * 1024;

    /// <summary>Number of frames that may be sent and not read.</summary>
    public const int Window = 64;

    private const int HeaderBytes = 5;

    private readonly IHubBus _bus;
    private readonly string _outgoing;
    private readonly Channel<(Kind Kind, ReadOnlyMemory<byte> Data)> _frames =
        Channel.CreateBounded<(Kind, ReadOnlyMemory<byte>)>(new BoundedChannelOptions(Window) { SingleReader = true });

    private readonly SemaphoreSlim _credit = new(Window, int.MaxValue);
    private readonly SemaphoreSlim _writer = new(1);
    private readonly CancellationTokenSource _ended = new();
    private IAsyncDisposable? _subscription;
    private int _sent;
    private int _received;
    private int _read;
    private int _closed;
    private string _reason = "";

    private BusStream(IHubBus bus, string outgoing)
    {
        _bus = bus;
        _outgoing = outgoing;
    }

    private enum Kind : byte
    {
        /// <summary>A part of a message, and more follow.</summary>
        Part,

        /// <summary>The last part of a message.</summary>
        Last,

        /// <summary>The reader has taken so many frames.</summary>
        Credit,

        /// <summary>The end, with its reason.</summary>
        End,
    }

    /// <summary>Opens one end of a stream; the other hub opens the other one.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="subject">The stream's subject, of which there is no other.</param>
    /// <param name="first">True at the hub that wants the stream, false at the other.</param>
    /// <param name="ct">Cancels the opening.</param>
    public static async Task<BusStream> OpenAsync(IHubBus bus, string subject, bool first, CancellationToken ct)
    {
        var stream = new BusStream(bus, subject + (first ? ".there" : ".back"));
        stream._subscription = await bus.SubscribeAsync(subject + (first ? ".back" : ".there"), stream.Take, ct);
        return stream;
    }

    /// <summary>Sends a message; waits while the other side does not read.</summary>
    /// <exception cref="AgentException">The stream has ended.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, _ended.Token);
        try
        {
            await _writer.WaitAsync(ended.Token);
            try
            {
                do
                {
                    await _credit.WaitAsync(ended.Token);
                    var part = message[..Math.Min(FrameBytes, message.Length)];
                    message = message[part.Length..];
                    if (!await SendAsync(message.IsEmpty ? Kind.Last : Kind.Part, _sent++, part, ended.Token))
                    {
                        End("the hubs cannot reach each other");
                        throw Ended();
                    }
                }
                while (!message.IsEmpty);
            }
            finally
            {
                _writer.Release();
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Ended();
        }
    }

    /// <summary>The other side's messages.</summary>
    /// <exception cref="AgentException">The stream ended with a reason.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        using var message = new MemoryStream();
        await foreach (var (kind, data) in _frames.Reader.ReadAllAsync(ct))
        {
            if (message.Length + data.Length > MessageParts.MaxBytes)
            {
                End("a message is too long");
                throw Ended();
            }

            message.Write(data.Span);
            if (++_read % (Window / 2) == 0)
            {
                await SendAsync(Kind.Credit, Window / 2, default, ct);
            }

            if (kind == Kind.Last)
            {
                yield return message.ToArray();
                message.SetLength(0);
            }
        }

        if (_reason.Length > 0)
        {
            throw Ended();
        }
    }

    /// <summary>Ends the stream; the first reason counts. What was received before can still be read.</summary>
    public void End(string reason)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _reason = reason;
            _frames.Writer.TryComplete();
            _ended.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        End("");
        await SendAsync(Kind.End, 0, Encoding.UTF8.GetBytes(_reason), CancellationToken.None);
        if (_subscription is not null)
        {
            await _subscription.DisposeAsync();
        }

        // The rest holds nothing of the system, and may still be in use: the stream is ended and written to by others at any moment.
    }

    private AgentException Ended() => new(AgentFailure.NotConnected, _reason.Length > 0 ? _reason : "the other hub ended the stream");

    private void Take(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length < HeaderBytes || Volatile.Read(ref _closed) != 0)
        {
            return;
        }

        var kind = (Kind)frame.Span[0];
        var number = BinaryPrimitives.ReadInt32LittleEndian(frame.Span[1..]);
        switch (kind)
        {
            case Kind.Credit when number is > 0 and <= Window:
                _credit.Release(number);
                break;
            case Kind.End:
                End(Encoding.UTF8.GetString(frame.Span[HeaderBytes..]));
                break;
            case Kind.Part or Kind.Last when number != _received++:
                End("frames were lost between the hubs");
                break;
            case Kind.Part or Kind.Last when !_frames.Writer.TryWrite((kind, frame[HeaderBytes..])):
                End("the other hub sent more than it may");
                break;
        }
    }

    private Task<bool> SendAsync(Kind kind, int number, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        var frame = new byte[HeaderBytes + data.Length];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(1), number);
        data.CopyTo(frame.AsMemory(HeaderBytes));
        return _bus.PublishAsync(_outgoing, frame, ct);
    }
}
