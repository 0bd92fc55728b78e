using System.Net.Sockets;

namespace DockMon.Testing;

/// <summary>A Unix socket that serves each of its connections as the test says.</summary>
public sealed class SocketServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Socket, CancellationToken, Task> _serve;
    private readonly Task _accepting;

    /// <param name="serve">Serves one connection, which is closed afterwards. It may end with the exceptions of a socket whose other side is gone.</param>
    public SocketServer(Func<Socket, CancellationToken, Task> serve)
    {
        _serve = serve;
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen(128);
        _accepting = AcceptAsync();
    }

    /// <summary>The socket's file.</summary>
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"dockmon-{Guid.NewGuid():N}.sock");

    /// <summary>The socket, as DOCKER_HOST names it.</summary>
    public string Host => "unix://" + Path;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return; // A test that ends it earlier disposes it twice.
        }

        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        File.Delete(Path);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        using var socket = accepted;
        try
        {
            await _serve(socket, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The other side is done, or did not wait, or the test is over.
        }
    }
}
