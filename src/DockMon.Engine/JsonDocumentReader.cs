using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DockMon.Engine;

/// <summary>Splits a stream of JSON documents that follow each other, with or without space between them.</summary>
internal sealed class JsonDocumentReader(Stream stream, int maxLength = JsonDocumentReader.DefaultMaxLength) : IDisposable
{
    public const int DefaultMaxLength = 16 * 1024 * 1024;
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };
    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024));

    public void Dispose() => _pipe.Complete();

    /// <summary>The next document; null when the stream ended after the last one.</summary>
    public async ValueTask<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        var scan = new Scan();
        while (true)
        {
            var read = await ReadPipeAsync(ct).ConfigureAwait(false);
            var buffer = read.Buffer;
            if (TryFindEnd(buffer, read.IsCompleted, ref scan))
            {
                var value = Deserialize(buffer.Slice(0, scan.Length), type);
                _pipe.AdvanceTo(buffer.GetPosition(scan.Length));
                return value;
            }

            if (read.IsCompleted)
            {
                return null;
            }

            if (buffer.Length > maxLength)
            {
                throw new EngineException($"the Docker engine sent a JSON document longer than {maxLength} bytes");
            }

            _pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private async ValueTask<ReadResult> ReadPipeAsync(CancellationToken ct)
    {
        try
        {
            return await _pipe.ReadAsync(ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new EngineUnavailableException($"the Docker engine's stream was cut off: {e.Message}", e);
        }
    }

    /// <summary>Goes on where the last look at this document ended, so that a long one is looked at once.</summary>
    private static bool TryFindEnd(ReadOnlySequence<byte> buffer, bool isLast, ref Scan scan)
    {
        var rest = buffer.Slice(scan.Length);
        if (!scan.Started && IsBlank(rest))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(rest, isLast, scan.Started ? scan.State : new JsonReaderState(Options));
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                {
                    scan.Length += reader.BytesConsumed;
                    return true;
                }
            }

            scan = new Scan { Started = true, Length = scan.Length + reader.BytesConsumed, State = reader.CurrentState };
            return false;
        }
        catch (JsonException e)
        {
            throw new EngineException(
                isLast ? "the Docker engine's stream ended in the middle of a JSON document" : $"the Docker engine sent no JSON: {e.Message}", null, e);
        }
    }

    private static bool IsBlank(ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            if (segment.Span.IndexOfAnyExcept(" \t\r\n"u8) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    private static T Deserialize<T>(ReadOnlySequence<byte> document, JsonTypeInfo<T> type)
    {
        try
        {
            var reader = new Utf8JsonReader(document, Options);
            return JsonSerializer.Deserialize(ref reader, type) ?? throw new EngineException("the Docker engine sent null where it should send an object");
        }
        catch (JsonException e)
        {
            throw new EngineException($"the Docker engine sent JSON that cannot be read: {e.Message}", null, e);
        }
    }

    private struct Scan
    {
        public bool Started;
        public long Length;
        public JsonReaderState State;
    }
}
