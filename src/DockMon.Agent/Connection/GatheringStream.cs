using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DockMon.Agent.Connection;

/// <summary>
/// The stream below a WebSocket, which writes each frame by itself. Small frames of data are kept here until <see cref="ReleaseAsync"/>, so that many
/// of them are one write to the socket and one record of TLS. Pings, pongs and close are never kept, and nothing overtakes what was written before it.
/// Whole frames pass through, so that a ping of ours fits between any two, which the WebSocket has no call for; its answer is seen on the way back.
/// </summary>
internal sealed class GatheringStream : Stream
{
    /// <summary>Most bytes that are kept: what one record of TLS holds.</summary>
    public const int Capacity = 16 * 1024;

    // In the first byte of a frame.
    private const byte ControlBit = 0x08;
    private const byte FinalBit = 0x80;
    private const byte WholePing = 0x89;

    // In the second.
    private const byte Masked = 0x80;
    private const int MaskBytes = 4;
    private const int NumberBytes = sizeof(long);

    // The WebSocket writes pings and pongs whenever it likes, and a stream bears one write at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Stream _inner;
    private readonly PongScanner _scanner;
    private byte[]? _buffer;
    private int _length;
    private long _messages;

    public GatheringStream(Stream inner)
    {
        _inner = inner;
        _scanner = new PongScanner(number => Ponged?.Invoke(number));
    }

    /// <summary>Told the number of each ping that was answered, by whoever reads.</summary>
    public Action<long>? Ponged { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Writes what was kept.</summary>
    public async ValueTask ReleaseAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            await WriteKeptAsync(ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>How many messages of data were written, kept ones included.</summary>
    public long Messages => Interlocked.Read(ref _messages);

    /// <summary>Writes a ping, and before it what was kept.</summary>
    /// <param name="begin">Gets the number of messages before the ping, and says the ping's own number.</param>
    /// <param name="ct">Gives up, which spoils the stream when it is in the middle.</param>
    public async ValueTask PingAsync(Func<long, long> begin, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var ping = Ping(begin(_messages));
            await WriteKeptAsync(ct);
            await _inner.WriteAsync(ping, ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var first = buffer.IsEmpty ? ControlBit : buffer.Span[0];
            var isKept = buffer.Length <= Capacity && (first & ControlBit) == 0;
            if (!isKept || buffer.Length > Capacity - _length)
            {
                await WriteKeptAsync(cancellationToken);
            }

            if (isKept)
            {
                _buffer ??= ArrayPool<byte>.Shared.Rent(Capacity);
                buffer.CopyTo(_buffer.AsMemory(_length));
                _length += buffer.Length;
            }
            else
            {
                await _inner.WriteAsync(buffer, cancellationToken);
            }

            _messages += (first & (FinalBit | ControlBit)) == FinalBit ? 1 : 0;
        }
        finally
        {
            _turn.Release();
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await _inner.ReadAsync(buffer, cancellationToken);
        _scanner.Scan(buffer.Span[..count]);
        return count;
    }

    /// <summary>Does nothing: the WebSocket does it after each frame, and what was passed on is in the socket already.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // The buffer is left to the collector: somebody may still be writing it.
        _inner.Dispose();
        base.Dispose(disposing);
    }

    private static byte[] Ping(long number)
    {
        var frame = new byte[2 + MaskBytes + NumberBytes];
        (frame[0], frame[1]) = (WholePing, Masked | NumberBytes);
        var mask = frame.AsSpan(2, MaskBytes);
        var payload = frame.AsSpan(2 + MaskBytes);
        RandomNumberGenerator.Fill(mask);
        BinaryPrimitives.WriteInt64BigEndian(payload, number);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= mask[i % MaskBytes];
        }

        return frame;
    }

    private async ValueTask WriteKeptAsync(CancellationToken ct)
    {
        if (_buffer is not { } buffer)
        {
            return;
        }

        await _inner.WriteAsync(buffer.AsMemory(0, _length), ct);
        (_buffer, _length) = (null, 0);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
