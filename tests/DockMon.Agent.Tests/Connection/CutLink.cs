using System.Buffers.Binary;
using System.Text;
using System.Threading.Channels;
using DockMon.Protocol;
using Shouldly;

namespace DockMon.Agent.Tests.Connection;

/// <summary>How a link ends, counted from the registration on.</summary>
/// <param name="Up">How many bytes reach the server.</param>
/// <param name="Down">How many reach the agent.</param>
/// <param name="Silent">Whether the link swallows what comes after that, instead of breaking.</param>
internal sealed record Cut(long Up, long Down, bool Silent);

/// <summary>
/// A link and the server at its other end, in memory: it counts what arrives, answers pings, and is cut as told. What the agent writes after that is taken
/// and never arrives, as TCP does it.
/// </summary>
internal sealed class CutLink(Cut? cut) : Stream
{
    private readonly Channel<byte[]> _down = Channel.CreateUnbounded<byte[]>();
    private readonly List<byte> _arrived = [];
    private readonly Lock _gate = new();
    private ReadOnlyMemory<byte> _reading;
    private long _up;
    private long _pushed;
    private long _read;
    private bool _isRegistered;
    private volatile bool _isCut;

    /// <summary>What arrived at the server, in order: a text, or the answer that a ping got.</summary>
    public List<(string? Text, long PongEnd)> Log { get; } = [];

    /// <summary>How many bytes after the registration the agent has read.</summary>
    public long BytesRead => Volatile.Read(ref _read);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether something was swallowed.</summary>
    public bool IsCut => _isCut;

    /// <summary>The server goes away.</summary>
    public void Break() => _down.Writer.TryComplete();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            foreach (var b in buffer.Span)
            {
                if (cut is not null && _isRegistered && _up++ >= cut.Up)
                {
                    _isCut = true;
                    if (cut.Silent)
                    {
                        return ValueTask.CompletedTask;
                    }

                    _down.Writer.TryComplete();
                    throw new IOException("The link was cut.");
                }

                _arrived.Add(b);
                TakeFrame();
            }
        }

        return ValueTask.CompletedTask;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (_reading.IsEmpty)
        {
            if (!await _down.Reader.WaitToReadAsync(cancellationToken))
            {
                return 0;
            }

            _reading = _down.Reader.TryRead(out var piece) ? piece : default;
        }

        var count = Math.Min(buffer.Length, _reading.Length);
        _reading[..count].CopyTo(buffer);
        _reading = _reading[count..];
        Interlocked.Add(ref _read, count);
        return count;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _down.Writer.TryComplete();
        base.Dispose(disposing);
    }

    // All frames of this test are masked and shorter than 126 bytes, but for the registration.
    private void TakeFrame()
    {
        if (_arrived.Count < 2)
        {
            return;
        }

        var (length, header) = (_arrived[1] & 0x7f, 2);
        if (length == 126)
        {
            if (_arrived.Count < 4)
            {
                return;
            }

            (length, header) = ((_arrived[2] << 8) | _arrived[3], 4);
        }

        if (_arrived.Count < header + 4 + length)
        {
            return;
        }

        var payload = new byte[length];
        for (var i = 0; i < length; i++)
        {
            payload[i] = (byte)(_arrived[header + 4 + i] ^ _arrived[header + (i % 4)]);
        }

        var opcode = _arrived[0] & 0x0f;
        _arrived.Clear();
        if (!_isRegistered)
        {
            var welcome = FrameWriter.Message(new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = "t" }, ProtocolJson.Default.AuthSuccess);
            Push([0x81, (byte)welcome.Length, .. welcome]);
            (_isRegistered, _pushed, _read) = (true, 0, -2 - welcome.Length);
        }
        else if (opcode == 0x1)
        {
            Log.Add((Encoding.UTF8.GetString(payload), 0));
        }
        else if (opcode == 0x9)
        {
            BinaryPrimitives.ReadInt64BigEndian(payload).ShouldBePositive();
            byte[] pong = [0x8a, (byte)length, .. payload];
            _pushed += pong.Length;
            Log.Add((null, _pushed));
            var fitting = cut is null ? pong.Length : (int)Math.Clamp(cut.Down - (_pushed - pong.Length), 0, pong.Length);
            Push(pong[..fitting]);
            _isCut |= fitting < pong.Length;
            if (fitting < pong.Length && !cut!.Silent)
            {
                _down.Writer.TryComplete();
            }
        }
    }

    private void Push(byte[] bytes)
    {
        foreach (var b in bytes)
        {
            _down.Writer.TryWrite([b]); // Byte by byte, so that no reader can count on more.
        }
    }
}
