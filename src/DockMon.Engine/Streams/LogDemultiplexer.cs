using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace DockMon.Engine;

/// <summary>Takes apart a stream in which every piece of output has eight bytes in front that say which stream it is of and how long it is.</summary>
internal sealed class LogDemultiplexer(Stream stream) : IDisposable
{
    private const int HeaderLength = 8;
    private const byte StandardError = 2;
    private const byte EngineError = 3;

    /// <summary>No engine writes longer frames; a longer one means that this is no multiplexed stream.</summary>
    private const int MaxFrameLength = 16 * 1024 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);

    /// <summary>Whether the data that was read last is of standard error.</summary>
    public bool IsError { get; private set; }

    /// <summary>Gives the buffer back. The stream stays open.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    /// <summary>The data of the next frame that has any; empty at the end. It is only valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken ct)
    {
        while (true)
        {
            var got = await FillAsync(HeaderLength, ct).ConfigureAwait(false);
            if (got == 0)
            {
                return default;
            }

            var (kind, length) = got == HeaderLength ? ParseHeader(_buffer) : throw Truncated();
            if (length == 0)
            {
                continue;
            }

            Grow(length);
            if (await FillAsync(length, ct).ConfigureAwait(false) < length)
            {
                throw Truncated();
            }

            IsError = kind == StandardError;
            return kind != EngineError
                ? _buffer.AsMemory(0, length)
                : throw new EngineException(Encoding.UTF8.GetString(_buffer, 0, length).Trim());
        }
    }

    private static (byte Kind, int Length) ParseHeader(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        return header[0] <= EngineError && header[1..4].IndexOfAnyExcept((byte)0) < 0 && length <= MaxFrameLength
            ? (header[0], (int)length)
            : throw new EngineException("the Docker engine sent output that is not divided into frames");
    }

    private void Grow(int length)
    {
        if (_buffer.Length < length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(length);
        }
    }

    private async ValueTask<int> FillAsync(int length, CancellationToken ct)
    {
        try
        {
            return await stream.ReadAtLeastAsync(_buffer.AsMemory(0, length), length, throwOnEndOfStream: false, ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new EngineUnavailableException($"the Docker engine's stream was cut off: {e.Message}", e);
        }
    }

    private static EngineException Truncated() => new("the Docker engine's stream ended in the middle of a frame");
}
