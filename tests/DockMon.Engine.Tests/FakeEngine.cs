using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace DockMon.Engine.Tests;

/// <summary>An engine on a socket of its own that answers what a test tells it to, one connection for every request.</summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<Task> _connections = new();
    private readonly Func<string, FakeAnswer> _answer;
    private readonly Task _accepting;

    public FakeEngine(Func<string, FakeAnswer> answer)
    {
        _answer = answer;
        SocketPath = Path.Combine(Path.GetTempPath(), $"engine-{Guid.NewGuid():N}.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string SocketPath { get; }

    public EngineEndpoint Endpoint => EngineEndpoint.FromEnvironment("unix://" + SocketPath, null, null);

    /// <summary>Every request so far: its first line without the protocol, its headers and its body.</summary>
    public ConcurrentQueue<FakeRequest> Requests { get; } = new();

    /// <summary>Answers the negotiation with 1.41 and leaves the rest to the test.</summary>
    public static FakeEngine Answering(Func<string, FakeAnswer> answer) =>
        new(line => line == "GET /_ping" ? FakeAnswer.Ping("1.41") : answer(line));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
        File.Delete(SocketPath);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _connections.Enqueue(ServeAsync(await _listener.AcceptAsync(_stop.Token)));
            }
            catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            var request = await FakeRequest.ReadAsync(stream, _stop.Token);
            Requests.Enqueue(request);
            var answer = _answer(request.Line);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer.Text), _stop.Token);
            if (answer.Then is { } then)
            {
                await then(stream, _stop.Token);
            }

            if (answer.Hang)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client went away, or the test is over.
        }
    }
}
