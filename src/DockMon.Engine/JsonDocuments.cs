using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DockMon.Engine;

/// <summary>Splits a stream of JSON documents written one after the other, as Docker's events, statistics and pulls are.</summary>
internal static class JsonDocuments
{
    /// <summary>Largest document, bytes.</summary>
    public const int DocumentLimit = 16 * 1024 * 1024;

    /// <summary>The documents, each valid until the next is asked for.</summary>
    /// <exception cref="EngineException">What comes is not JSON, is too large, or ends in the middle of a document.</exception>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken ct)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                ReadResult result;
                try
                {
                    result = await reader.ReadAsync(ct).ConfigureAwait(false);
                }
                catch (Exception e) when (e is IOException or HttpRequestException)
                {
                    throw new EngineException($"the connection to the Docker engine broke: {e.Message}", null, e);
                }

                var rest = result.Buffer;
                while (TryTake(ref rest, out var document))
                {
                    yield return document;
                }

                if (result.IsCompleted)
                {
                    if (!rest.IsEmpty)
                    {
                        throw new EngineException("the Docker engine's answer ended in the middle of a JSON document");
                    }

                    yield break;
                }

                if (rest.Length > DocumentLimit)
                {
                    throw new EngineException($"the Docker engine sent a JSON document of more than {DocumentLimit} bytes");
                }

                reader.AdvanceTo(rest.Start, rest.End);
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlyMemory<byte> document)
    {
        document = default;
        SkipSpace(ref buffer);
        if (buffer.IsEmpty)
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(buffer, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 128 }));
            if (!reader.Read() || !reader.TrySkip())
            {
                return false;
            }

            document = buffer.Slice(0, reader.Position).ToArray();
            buffer = buffer.Slice(reader.Position);
            return true;
        }
        catch (JsonException e)
        {
            throw new EngineException($"the Docker engine sent something that is not JSON: {e.Message}", null, e);
        }
    }

    private static void SkipSpace(ref ReadOnlySequence<byte> buffer)
    {
        while (!buffer.IsEmpty && buffer.FirstSpan is [(byte)' ' or (byte)'\r' or (byte)'\n' or (byte)'\t', ..])
        {
            buffer = buffer.Slice(1);
        }
    }
}
