using System.Net.Sockets;
using System.Text;
using DockMon.Engine;
using DockMon.Testing;

namespace DockMon.Agent.Tests.Update;

/// <summary>One agent's way to a <see cref="FakeDocker"/>: a socket that answers what the engine says, until the agent is dead to it.</summary>
internal sealed class FakeSocket : IAsyncDisposable
{
    private readonly Func<string, string, Task<(int Status, string Body)>> _answer;
    private readonly SocketServer _server;
    private volatile bool _dead;

    /// <param name="answer">What the engine says to a request ("POST /path?query" without a version) and its body; may take its time.</param>
    /// <param name="time">The client's clock.</param>
    public FakeSocket(Func<string, string, Task<(int Status, string Body)>> answer, TimeProvider time)
    {
        _answer = answer;
        _server = new SocketServer(ServeAsync);
        Client = new EngineClient(EngineEndpoint.FromEnvironment(_server.Host, null, null), time);
    }

    public EngineClient Client { get; }

    /// <summary>The agent hears nothing any more, and nothing it says from now on is heard: it is as good as killed. What it asked before goes on.</summary>
    public void Kill() => _dead = true;

    public async ValueTask DisposeAsync()
    {
        if (_dead)
        {
            File.Delete(_server.Path);
            return; // Nothing it hears must move a dead agent, so its connections stay as they are.
        }

        await _server.DisposeAsync();
        Client.Dispose();
    }

    private async Task ServeAsync(Socket socket, CancellationToken ct)
    {
        await using var stream = new NetworkStream(socket);
        var request = await ScriptedRequest.ReadAsync(stream, ct);
        await WhileAliveAsync(ct);
        var (status, body) = request.Path == "/_ping" ? (200, "OK")
            : await _answer($"{request.Line.Split(' ')[0]} {request.Path}", request.Body).WaitAsync(ct);
        await WhileAliveAsync(ct);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(ScriptedAnswer.Json(body, status, "Api-Version: 1.41\r\n").Text), ct);
        await stream.ReadExactlyAsync(new byte[1], ct); // The client has read the answer when it closes the connection.
    }

    private Task WhileAliveAsync(CancellationToken ct) => _dead ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct) : Task.CompletedTask;
}
