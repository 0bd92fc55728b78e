using System.Buffers;

namespace DockMon.Agent.Connection;

/// <summary>
/// The stream below a WebSocket, which writes each frame by itself. Small frames of data are kept here until <see cref="ReleaseAsync"/>, so that many
/// of them are one write to the socket and one record of TLS. Pings, pongs and close are never kept, and nothing overtakes what was written before it.
/// </summary>
internal sealed class GatheringStream(Stream inner) : Stream
{
    /// <summary>Most bytes that are kept: what one record of TLS holds.</summary>
    public const int Capacity = 16 * 1024;

    // In the first byte of a frame.
    private const byte ControlBit = 0x08;

    // The WebSocket writes pings and pongs whenever it likes, and a stream bears one write at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private byte[]? _buffer;
    private int _length;

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

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var isKept = buffer.Length <= Capacity && buffer.Span is [var first, ..] && (first & ControlBit) == 0;
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
                await inner.WriteAsync(buffer, cancellationToken);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

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
        inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask WriteKeptAsync(CancellationToken ct)
    {
        if (_buffer is not { } buffer)
        {
            return;
        }

        await inner.WriteAsync(buffer.AsMemory(0, _length), ct);
        (_buffer, _length) = (null, 0);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
