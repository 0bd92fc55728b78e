using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace DockMon.Engine;

/// <summary>Which of a container's outputs a piece of log came from.</summary>
public enum LogStream
{
    /// <summary>Input, which a log never has.</summary>
    Stdin = 0,

    /// <summary>Standard output, and all of a terminal's.</summary>
    Stdout = 1,

    /// <summary>Standard error.</summary>
    Stderr = 2,
}

/// <summary>A piece of a log, valid until the next is asked for.</summary>
/// <param name="Stream">Where it came from.</param>
/// <param name="Data">The bytes.</param>
public readonly record struct LogChunk(LogStream Stream, ReadOnlyMemory<byte> Data);

/// <summary>What part of a log is wanted.</summary>
public sealed record LogOptions
{
    /// <summary>Lines from the end; all when null.</summary>
    public int? Tail { get; init; }

    /// <summary>Since when: Unix seconds with a fraction.</summary>
    public string? Since { get; init; }

    /// <summary>Whether each line begins with its time.</summary>
    public bool Timestamps { get; init; }

    /// <summary>Whether the stream goes on with what is logged from now on.</summary>
    public bool Follow { get; init; }
}

/// <summary>
/// Reads a log: a terminal's as it is, and others from Docker's frames of an 8-byte header (stream, three zeros, length big-endian)
/// and their bytes.
/// </summary>
internal static class LogReader
{
    /// <summary>Longest frame believed. Docker's are at most 16 KiB and a time stamp; more means that this is no framed stream.</summary>
    public const int FrameLimit = 16 * 1024 * 1024;

    private const int HeaderBytes = 8;

    public static async IAsyncEnumerable<LogChunk> ReadAsync(Stream stream, bool raw, [EnumeratorCancellation] CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            while (true)
            {
                var read = await stream.ReadAtLeastAsync(buffer.AsMemory(0, raw ? buffer.Length : HeaderBytes), raw ? 1 : HeaderBytes, throwOnEndOfStream: false, ct).ConfigureAwait(false);
                if (read == 0)
                {
                    yield break;
                }

                if (raw)
                {
                    yield return new LogChunk(LogStream.Stdout, buffer.AsMemory(0, read));
                    continue;
                }

                var length = read == HeaderBytes ? BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(4)) : throw CutShort();
                var source = (LogStream)buffer[0];
                if (buffer[0] > 2 || length > FrameLimit)
                {
                    throw new EngineException("the log is not framed as Docker frames logs");
                }

                if (length > buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent((int)length);
                }

                if (await stream.ReadAtLeastAsync(buffer.AsMemory(0, (int)length), (int)length, throwOnEndOfStream: false, ct).ConfigureAwait(false) < length)
                {
                    throw CutShort();
                }

                yield return new LogChunk(source, buffer.AsMemory(0, (int)length));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static EngineException CutShort() => new("the log was cut short: the engine closed the stream in the middle of a line");
}
