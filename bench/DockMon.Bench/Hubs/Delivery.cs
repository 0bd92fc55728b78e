using System.Buffers.Binary;
using System.Net.Sockets;
using DockMon.Testing;

namespace DockMon.Bench.Hubs;

/// <summary>
/// Events of one agent that are numbered from one. As a real agent does, it keeps what was sent until a ping behind it was answered, and sends it again
/// on the next connection.
/// </summary>
internal sealed class Delivery(int agent)
{
    private readonly List<(long Number, byte[] Frame)> _unconfirmed = [];
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _sending = new(1);

    /// <summary>Number of events so far; each is to be in the database once.</summary>
    public long Count { get; private set; }

    public int Unconfirmed
    {
        get
        {
            lock (_gate)
            {
                return _unconfirmed.Count;
            }
        }
    }

    /// <summary>Sends further events.</summary>
    /// <param name="socket">The connection; null for none: they are sent on the next one.</param>
    /// <param name="count">Number of events.</param>
    /// <param name="now">Their time.</param>
    /// <param name="ct">Cancels.</param>
    public async Task SendAsync(AgentSocket? socket, int count, DateTimeOffset now, CancellationToken ct)
    {
        await _sending.WaitAsync(ct);
        try
        {
            List<byte[]> frames = [];
            lock (_gate)
            {
                for (var i = 0; i < count; i++)
                {
                    var frame = AgentFrames.Numbered(agent, ++Count, now);
                    _unconfirmed.Add((Count, frame));
                    frames.Add(frame);
                }
            }

            await SendAsync(socket, frames, ct);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Sends what was not confirmed on a new connection.</summary>
    public async Task SendAgainAsync(AgentSocket socket, CancellationToken ct)
    {
        await _sending.WaitAsync(ct);
        try
        {
            List<byte[]> frames;
            lock (_gate)
            {
                frames = _unconfirmed.ConvertAll(sent => sent.Frame);
            }

            await SendAsync(socket, frames, ct);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The answer to a ping: everything before it has arrived.</summary>
    public void Confirm(ReadOnlySpan<byte> payload)
    {
        var confirmed = BinaryPrimitives.ReadInt64BigEndian(payload);
        lock (_gate)
        {
            _unconfirmed.RemoveAll(sent => sent.Number <= confirmed);
        }
    }

    // On one connection, or a ping would confirm what went to the one before. Its end is seen by the reader, too.
    private async Task SendAsync(AgentSocket? socket, List<byte[]> frames, CancellationToken ct)
    {
        if (socket is null || frames.Count == 0)
        {
            return;
        }

        try
        {
            foreach (var frame in frames)
            {
                await socket.SendAsync(frame, ct);
            }

            var number = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(number, Count);
            await socket.SendAsync(AgentSocket.Frame(AgentSocket.Ping, number), ct);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // They are sent again.
        }
    }
}
