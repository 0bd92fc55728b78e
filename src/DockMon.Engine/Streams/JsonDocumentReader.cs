using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DockMon.Engine;

/// <summary>Splits a stream of JSON documents that follow each other, with or without space between them. Each is kept within limits.</summary>
internal sealed class JsonDocumentReader(Stream stream, JsonLimits limits) : IDisposable
{
    /// <summary>A document that does not end is no document; nothing an engine stores is as long.</summary>
    public const long MaxLength = 1024 * 1024 * 1024;

    private readonly JsonTrimmer _document = new(limits);
    private readonly byte[] _input = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _start;
    private int _end;

    /// <summary>Bytes of the document that was read last.</summary>
    public long Length => _document.Length;

    /// <summary>How many parts of it were cut.</summary>
    public int Cuts => _document.Cuts;

    /// <summary>Gives the buffers back.</summary>
    public void Dispose()
    {
        _document.Dispose();
        ArrayPool<byte>.Shared.Return(_input);
    }

    /// <summary>Reads the next document.</summary>
    /// <returns>Whether there is one; false when the stream ended after the last.</returns>
    public async ValueTask<bool> NextAsync(CancellationToken ct)
    {
        _document.Reset();
        while (!_document.IsComplete)
        {
            if (_start == _end && !await FillAsync(ct).ConfigureAwait(false))
            {
                return _document.Length == 0 ? false
                    : throw new EngineException("the Docker engine's stream ended in the middle of a JSON document");
            }

            if (_document.Length > 0 || IsBegin())
            {
                _start += _document.Feed(_input.AsSpan(_start, _end - _start));
            }

            if (_document.Length > MaxLength)
            {
                throw new EngineException($"the Docker engine sent a JSON document longer than {MaxLength} bytes");
            }
        }

        return true;
    }

    /// <summary>The document that was read last.</summary>
    /// <exception cref="EngineException">It is not what it should be; the next one can be read all the same.</exception>
    public T Get<T>(JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(_document.Copied.Span, type)
                ?? throw new EngineException("the Docker engine sent null where it should send an object");
        }
        catch (JsonException e)
        {
            throw new EngineException($"the Docker engine sent JSON that cannot be read: {e.Message}", null, e);
        }
    }

    /// <summary>The next document, read; null when there is none.</summary>
    public async ValueTask<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken ct)
        where T : class => await NextAsync(ct).ConfigureAwait(false) ? Get(type) : null;

    /// <summary>Passes over the space between documents; whether one begins behind it.</summary>
    private bool IsBegin()
    {
        var rest = _input.AsSpan(_start, _end - _start);
        var blank = rest.IndexOfAnyExcept(" \t\r\n"u8);
        _start += blank < 0 ? rest.Length : blank;
        return blank >= 0 && (rest[blank] is (byte)'{' or (byte)'[' ? true
            : throw new EngineException("the Docker engine sent no JSON where a document should begin"));
    }

    private async ValueTask<bool> FillAsync(CancellationToken ct)
    {
        try
        {
            (_start, _end) = (0, await stream.ReadAsync(_input, ct).ConfigureAwait(false));
            return _end > 0;
        }
        catch (IOException e)
        {
            throw new EngineUnavailableException($"the Docker engine's stream was cut off: {e.Message}", e);
        }
    }
}
