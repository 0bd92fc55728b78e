using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using DockMon.Engine;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Agent.Tests;

/// <summary>An engine on a socket of its own that knows some paths (without the API's version) and answers 404 to all others.</summary>
internal sealed class ScriptedEngine : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentDictionary<string, (int Status, string Body)> _answers;
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly string _socketPath = Path.Combine(Path.GetTempPath(), $"engine-{Guid.NewGuid():N}.sock");
    private readonly Task _serving;
    private int _busy;

    public ScriptedEngine(params (string Path, int Status, string Body)[] answers)
    {
        _answers = new(answers.Select(a => KeyValuePair.Create(a.Path, (a.Status, a.Body))));
        _listener.Bind(new UnixDomainSocketEndPoint(_socketPath));
        _listener.Listen();
        _serving = ServeAsync();
        Endpoint = EngineEndpoint.FromEnvironment("unix://" + _socketPath, null, null);
        Client = new EngineClient(Endpoint, Time);
    }

    public EngineEndpoint Endpoint { get; }

    public EngineClient Client { get; }

    /// <summary>The client's clock.</summary>
    public FakeTimeProvider Time { get; } = new();

    /// <summary>The paths it was asked for so far, but for pings.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>The newest API version it speaks.</summary>
    public string ApiVersion { get; set; } = "1.41";

    /// <summary>Awaited with the path before each answer.</summary>
    public Func<string, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    /// <summary>Answers paths that it does not know, such as those with a time in them; null for 404.</summary>
    public Func<string, string?> Otherwise { get; set; } = _ => null;

    /// <summary>Whether a request is on its way, or an answer; one that <see cref="BeforeAnswer"/> keeps waiting is not.</summary>
    public bool IsBusy => Volatile.Read(ref _busy) > 0;

    /// <summary>Answers a path otherwise from now on.</summary>
    public void Set(string path, string body, int status = 200) => _answers[path] = (status, body);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        File.Delete(_socketPath);
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        try
        {
            using var socket = accepted;
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream, leaveOpen: true);
            // A client may open a connection it then has no use for.
            if (await reader.ReadLineAsync(_stop.Token) is { } request)
            {
                await ServeAsync(WithoutVersion(request.Split(' ')[1]), reader, stream);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client is done, or did not wait, or the test is over.
        }
    }

    private async Task ServeAsync(string path, StreamReader reader, NetworkStream stream)
    {
        Interlocked.Increment(ref _busy);
        try
        {
            while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
            {
                // The requests of these tests have no bodies.
            }

            if (path != "/_ping")
            {
                _requests.Enqueue(path);
            }

            await WaitAsync(path);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Answer(path)), _stop.Token);
            // The client has read the answer when it closes the connection.
            await stream.ReadExactlyAsync(new byte[1], _stop.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _busy);
        }
    }

    private async Task WaitAsync(string path)
    {
        Interlocked.Decrement(ref _busy);
        try
        {
            await BeforeAnswer(path).WaitAsync(_stop.Token);
        }
        finally
        {
            Interlocked.Increment(ref _busy);
        }
    }

    private string Answer(string path)
    {
        var (status, body) = path == "/_ping" ? (200, "OK")
            : _answers.TryGetValue(path, out var answer) ? answer
            : Otherwise(path) is { } other ? (200, other)
            : (404, """{"message":"no such thing"}""");
        return $"HTTP/1.1 {status} Status\r\nApi-Version: {ApiVersion}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";
    }

    private static string WithoutVersion(string path) => path.StartsWith("/v1.", StringComparison.Ordinal) ? path[path.IndexOf('/', 1)..] : path;
}
