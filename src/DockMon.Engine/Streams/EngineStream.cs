namespace DockMon.Engine;

/// <summary>The input and output of a program inside a container, on a connection that ends with it.</summary>
public sealed class EngineStream : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;
    private readonly LogDemultiplexer? _frames;
    private ReadOnlyMemory<byte> _pending;

    internal EngineStream(HttpResponseMessage response, Stream stream, bool tty)
    {
        _response = response;
        _stream = stream;
        _frames = tty ? null : new LogDemultiplexer(stream);
    }

    /// <summary>Reads output, without a terminal both kinds of it in the order they came; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (_frames is null)
        {
            return await ReadRawAsync(buffer, ct).ConfigureAwait(false);
        }

        if (_pending.IsEmpty)
        {
            _pending = await _frames.ReadAsync(ct).ConfigureAwait(false);
        }

        var count = Math.Min(buffer.Length, _pending.Length);
        _pending[..count].CopyTo(buffer);
        _pending = _pending[count..];
        return count;
    }

    /// <summary>Writes input.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        try
        {
            await _stream.WriteAsync(data, ct).ConfigureAwait(false);
            await _stream.FlushAsync(ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new EngineUnavailableException($"the program inside the container takes no more input: {e.Message}", e);
        }
    }

    /// <summary>Closes the connection. The program is not ended by this.</summary>
    public async ValueTask DisposeAsync()
    {
        _frames?.Dispose();
        await _stream.DisposeAsync().ConfigureAwait(false);
        _response.Dispose();
    }

    private async ValueTask<int> ReadRawAsync(Memory<byte> buffer, CancellationToken ct)
    {
        try
        {
            return await _stream.ReadAsync(buffer, ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new EngineUnavailableException($"the Docker engine's stream was cut off: {e.Message}", e);
        }
    }
}
