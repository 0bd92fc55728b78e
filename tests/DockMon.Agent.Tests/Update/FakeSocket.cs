using System.Globalization;
using System.Net.Sockets;
using System.Text;
using DockMon.Engine;

namespace DockMon.Agent.Tests.Update;

/// <summary>One agent's way to a <see cref="FakeDocker"/>: a socket that answers what the engine says, until the agent is dead to it.</summary>
internal sealed class FakeSocket : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"engine-{Guid.NewGuid():N}.sock");
    private readonly Func<string, string, Task<(int Status, string Body)>> _answer;
    private readonly Task _serving;
    private volatile bool _dead;

    /// <param name="answer">What the engine says to a request ("POST /path?query" without a version) and its body; may take its time.</param>
    /// <param name="time">The client's clock.</param>
    public FakeSocket(Func<string, string, Task<(int Status, string Body)>> answer, TimeProvider time)
    {
        _answer = answer;
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen();
        Client = new EngineClient(EngineEndpoint.FromEnvironment("unix://" + _path, null, null), time);
        _serving = AcceptAsync();
    }

    public EngineClient Client { get; }

    /// <summary>The agent hears nothing any more, and nothing it says from now on is heard: it is as good as killed. What it asked before goes on.</summary>
    public void Kill() => _dead = true;

    public async ValueTask DisposeAsync()
    {
        File.Delete(_path);
        if (_dead)
        {
            return; // Nothing it hears must move a dead agent, so its connections stay as they are.
        }

        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving;
        Client.Dispose();
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
        catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        try
        {
            using var socket = accepted;
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
            if (await reader.ReadLineAsync(_stop.Token) is not { } first)
            {
                return; // A client may open a connection it then has no use for.
            }

            var length = 0;
            while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } header)
            {
                length = header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase) ? int.Parse(header.Split(':')[1], CultureInfo.InvariantCulture) : length;
            }

            var body = new char[length];
            if (length > 0)
            {
                await reader.ReadBlockAsync(body, _stop.Token); // Without a body it would wait for one.
            }

            await WhileAliveAsync();
            var parts = first.Split(' ');
            var path = parts[1].StartsWith("/v1.", StringComparison.Ordinal) ? parts[1][parts[1].IndexOf('/', 1)..] : parts[1];
            var (status, answer) = path == "/_ping" ? (200, "OK") : await _answer($"{parts[0]} {path}", new string(body)).WaitAsync(_stop.Token);
            await WhileAliveAsync();
            await stream.WriteAsync(
                Encoding.UTF8.GetBytes($"HTTP/1.1 {status} Status\r\nApi-Version: 1.41\r\nContent-Length: {Encoding.UTF8.GetByteCount(answer)}\r\nConnection: close\r\n\r\n{answer}"), _stop.Token);
            await stream.ReadExactlyAsync(new byte[1], _stop.Token); // The client has read the answer when it closes the connection.
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client is done, or did not wait, or the test is over.
        }
    }

    private Task WhileAliveAsync() => _dead ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token) : Task.CompletedTask;
}
