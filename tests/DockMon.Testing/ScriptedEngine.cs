using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using DockMon.Engine;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Testing;

/// <summary>
/// An engine on a socket of its own, one connection for every request. It knows some paths (without the API's version) and answers 404 to all others,
/// or answers whatever a function says.
/// </summary>
public sealed class ScriptedEngine : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (int Status, string Body)> _answers;
    private readonly ConcurrentQueue<ScriptedRequest> _calls = new();
    private readonly Func<string, ScriptedAnswer>? _script;
    private readonly SocketServer _server;
    private int _busy;

    public ScriptedEngine(params (string Path, int Status, string Body)[] answers)
        : this(null, answers)
    {
    }

    /// <param name="script">What it answers to a request such as <c>GET /v1.41/info</c>, or <c>GET /_ping</c>.</param>
    public ScriptedEngine(Func<string, ScriptedAnswer> script)
        : this(script, [])
    {
    }

    private ScriptedEngine(Func<string, ScriptedAnswer>? script, (string Path, int Status, string Body)[] answers)
    {
        _script = script;
        _answers = new(answers.Select(a => KeyValuePair.Create(a.Path, (a.Status, a.Body))));
        _server = new SocketServer(ServeAsync);
        Endpoint = EngineEndpoint.FromEnvironment(_server.Host, null, null);
        Client = new EngineClient(Endpoint, Time);
    }

    public string SocketPath => _server.Path;

    public EngineEndpoint Endpoint { get; }

    public EngineClient Client { get; }

    /// <summary>The client's clock.</summary>
    public FakeTimeProvider Time { get; } = new();

    /// <summary>Everything it was asked so far.</summary>
    public IReadOnlyCollection<ScriptedRequest> Calls => _calls;

    /// <summary>The paths it was asked for so far, but for pings.</summary>
    public IReadOnlyList<string> Requests => [.. _calls.Select(call => call.Path).Where(path => path != "/_ping")];

    /// <summary>The newest API version it speaks.</summary>
    public string ApiVersion { get; set; } = "1.41";

    /// <summary>Awaited with the path before each answer.</summary>
    public Func<string, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    /// <summary>Answers paths that it does not know, such as those with a time in them; null for 404.</summary>
    public Func<string, string?> Otherwise { get; set; } = _ => null;

    /// <summary>What it says with 404 of a path.</summary>
    public Func<string, string> Missing { get; set; } = _ => "no such thing";

    /// <summary>Whether a request is on its way, or an answer; one that <see cref="BeforeAnswer"/> keeps waiting is not.</summary>
    public bool IsBusy => Volatile.Read(ref _busy) > 0;

    /// <summary>Answers the negotiation with 1.41 and leaves the rest to the test.</summary>
    public static ScriptedEngine Answering(Func<string, ScriptedAnswer> answer) =>
        new(line => line == "GET /_ping" ? ScriptedAnswer.Ping("1.41") : answer(line));

    /// <summary>Answers a path otherwise from now on.</summary>
    public void Set(string path, string body, int status = 200) => _answers[path] = (status, body);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }

    private async Task ServeAsync(Socket socket, CancellationToken ct)
    {
        await using var stream = new NetworkStream(socket);

        // A client may open a connection it then has no use for: that ends the reading.
        var request = await ScriptedRequest.ReadAsync(stream, ct);
        Interlocked.Increment(ref _busy);
        try
        {
            _calls.Enqueue(request);
            await WaitAsync(request.Path, ct);
            var answer = _script?.Invoke(request.Line) ?? Answer(request.Path);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer.Text), ct);
            if (answer.Then is { } then)
            {
                await then(stream, ct);
            }

            if (answer.Hang)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _busy);
        }
    }

    private async Task WaitAsync(string path, CancellationToken ct)
    {
        Interlocked.Decrement(ref _busy);
        try
        {
            await BeforeAnswer(path).WaitAsync(ct);
        }
        finally
        {
            Interlocked.Increment(ref _busy);
        }
    }

    private ScriptedAnswer Answer(string path)
    {
        var (status, body) = path == "/_ping" ? (200, "OK")
            : _answers.TryGetValue(path, out var answer) ? answer
            : Otherwise(path) is { } other ? (200, other)
            : (404, $$"""{"message":"{{Missing(path)}}"}""");

        // The client has read the answer when it closes the connection.
        return ScriptedAnswer.Json(body, status, $"Api-Version: {ApiVersion}\r\n") with
        {
            Then = (stream, ct) => stream.ReadExactlyAsync(new byte[1], ct).AsTask()
        };
    }
}
