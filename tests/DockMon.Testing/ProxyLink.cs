using System.Net;
using System.Net.Sockets;

namespace DockMon.Testing;

/// <summary>One connection through a <see cref="FaultProxy"/>: the client's socket, the server's, and a pump each way.</summary>
internal sealed class ProxyLink(FaultProxy proxy, Socket client, BytesPassing? watch)
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public async Task RunAsync(int port, CancellationToken ct)
    {
        try
        {
            client.NoDelay = true;
            _server.NoDelay = true;
            await _server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), ct);
            await Task.WhenAll(PumpAsync(client, _server, ct), PumpAsync(_server, client, ct));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut by a test, by a peer, or at the end: the link is over either way.
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Closes both sides with RST.</summary>
    public void Reset()
    {
        Reset(client);
        Reset(_server);
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }

        socket.Dispose();
    }

    private async Task PumpAsync(Socket from, Socket to, CancellationToken ct)
    {
        try
        {
            var buffer = new byte[32 * 1024];
            while (await from.ReceiveAsync(buffer, ct) is > 0 and var count)
            {
                await proxy.PassAsync(count, from == client, ct);
                watch?.Invoke(from == client, buffer.AsSpan(0, count));
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), ct);
                }
            }

            await proxy.PassAsync(0, from == client, ct);
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // The other pump must not wait for a side that is gone.
            Reset();
            throw;
        }
    }
}
