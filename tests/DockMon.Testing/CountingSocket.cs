using System.Net.Sockets;
using System.Text;
using System.Collections.Concurrent;

namespace DockMon.Testing;

/// <summary>A unix socket in front of another one that writes down the request line of every HTTP request that passes.</summary>
public sealed class CountingSocket : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentBag<Task> _links = [];
    private readonly TemporaryFolder _folder = new();
    private readonly string _target;
    private readonly Task _accepting;

    /// <summary>Listens in front of the socket at <paramref name="target"/>.</summary>
    public CountingSocket(string target)
    {
        _target = target;
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder.Path, "s")));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens, as <c>DOCKER_HOST</c> has it.</summary>
    public string Host => $"unix://{_folder.Path}/s";

    /// <summary>The request lines so far, such as <c>GET /v1.41/containers/json?all=1</c>.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_links);
        _stop.Dispose();
        _folder.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _links.Add(RelayAsync(await _listener.AcceptAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (client)
        {
            try
            {
                await server.ConnectAsync(new UnixDomainSocketEndPoint(_target), _stop.Token);
                await Task.WhenAny(PumpAsync(client, server, count: true), PumpAsync(server, client, count: false));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // One of the two has gone.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool count)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var read)
            {
                if (count
                    && Encoding.ASCII.GetString(buffer, 0, read) is var text
                    && text.IndexOf(" HTTP/1.1\r\n", StringComparison.Ordinal) is > 0 and var end)
                {
                    _requests.Enqueue(text[..end]);
                }

                await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One of the two has gone.
        }
    }
}
