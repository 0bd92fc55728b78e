using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace DockMon.Engine;

/// <summary>
/// A hijacked connection: an HTTP request whose connection became a command's input and output. It has a socket of its own,
/// because ending the input while the output goes on needs the socket itself.
/// </summary>
public sealed class EngineStream : IAsyncDisposable
{
    private const int HeaderLimit = 16 * 1024;

    private readonly Stream _stream;
    private ReadOnlyMemory<byte> _early;

    private EngineStream(Stream stream, ReadOnlyMemory<byte> early)
    {
        _stream = stream;
        _early = early;
    }

    /// <summary>Reads output; 0 bytes at its end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (_early.IsEmpty)
        {
            return await _stream.ReadAsync(buffer, ct).ConfigureAwait(false);
        }

        var count = Math.Min(buffer.Length, _early.Length);
        _early[..count].CopyTo(buffer);
        _early = _early[count..];
        return count;
    }

    /// <summary>Writes input.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        await _stream.WriteAsync(data, ct).ConfigureAwait(false);
        await _stream.FlushAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Ends the input. Output goes on. Over TLS there is no such half close: then nothing happens.</summary>
    public void CloseInput() => (_stream as NetworkStream)?.Socket.Shutdown(SocketShutdown.Send);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    internal static async Task<EngineStream> OpenAsync(EngineTransport transport, string path, byte[] body, CancellationToken ct)
    {
        Stream? stream = null;
        try
        {
            stream = await transport.ConnectAsync(ct).ConfigureAwait(false);
            var head = string.Create(CultureInfo.InvariantCulture,
                $"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
            await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body], ct).ConfigureAwait(false);
            await stream.FlushAsync(ct).ConfigureAwait(false);

            var buffer = new byte[HeaderLimit];
            var length = 0;
            int end;
            while ((end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
            {
                var read = length < buffer.Length ? await stream.ReadAsync(buffer.AsMemory(length), ct).ConfigureAwait(false) : 0;
                if (read == 0)
                {
                    throw new EngineException("the Docker engine did not answer the request to attach");
                }

                length += read;
            }

            var status = Encoding.ASCII.GetString(buffer, 0, buffer.AsSpan().IndexOf((byte)'\r')).Split(' ', 3);
            var rest = buffer.AsMemory(end + 4, length - end - 4);
            return status is [_, "101" or "200", ..] ? new EngineStream(stream, rest) : throw await FailureAsync(stream, status, rest, ct).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            if (e is SocketException or IOException)
            {
                throw transport.Explain(e);
            }

            throw;
        }
    }

    private static async Task<EngineException> FailureAsync(Stream stream, string[] status, ReadOnlyMemory<byte> rest, CancellationToken ct)
    {
        // The body is short and came with the head, or comes at once; one read is enough to quote it.
        var buffer = new byte[4096];
        var body = rest.IsEmpty ? buffer.AsMemory(0, await stream.ReadAsync(buffer, ct).ConfigureAwait(false)) : rest;
        var text = Encoding.UTF8.GetString(body.Span).Trim();
        var start = text.IndexOf('{', StringComparison.Ordinal);
        var stop = text.LastIndexOf('}');
        var message = start >= 0 && stop > start ? EngineClient.Deserialize(Encoding.UTF8.GetBytes(text[start..(stop + 1)]), EngineJson.Default.EngineError).Message : text.Split('\n', 2)[0];
        return new EngineException(string.IsNullOrEmpty(message) ? $"the Docker engine answered {string.Join(' ', status.Skip(1))}" : message, (System.Net.HttpStatusCode)int.Parse(status[1], CultureInfo.InvariantCulture));
    }
}
