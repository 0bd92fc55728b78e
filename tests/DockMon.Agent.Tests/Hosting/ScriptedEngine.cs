using System.Net.Sockets;
using System.Text;
using DockMon.Engine;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Agent.Tests.Hosting;

/// <summary>An engine on a socket of its own that knows some paths (without the API's version) and answers 404 to all others.</summary>
internal sealed class ScriptedEngine : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Dictionary<string, (int Status, string Body)> _answers;
    private readonly string _socketPath = Path.Combine(Path.GetTempPath(), $"engine-{Guid.NewGuid():N}.sock");
    private readonly Task _serving;

    public ScriptedEngine(params (string Path, int Status, string Body)[] answers)
    {
        _answers = answers.ToDictionary(a => a.Path, a => (a.Status, a.Body));
        _listener.Bind(new UnixDomainSocketEndPoint(_socketPath));
        _listener.Listen();
        _serving = ServeAsync();
        Client = new EngineClient(EngineEndpoint.FromEnvironment("unix://" + _socketPath, null, null), new FakeTimeProvider());
    }

    public EngineClient Client { get; }

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
        while (true)
        {
            try
            {
                using var socket = await _listener.AcceptAsync(_stop.Token);
                await using var stream = new NetworkStream(socket);
                using var reader = new StreamReader(stream, leaveOpen: true);
                var path = (await reader.ReadLineAsync(_stop.Token) ?? "GET / HTTP/1.1").Split(' ')[1];
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                {
                    // The requests of these tests have no bodies.
                }

                await stream.WriteAsync(Encoding.UTF8.GetBytes(Answer(WithoutVersion(path))), _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private string Answer(string path)
    {
        var (status, body) = path == "/_ping" ? (200, "OK")
            : _answers.TryGetValue(path, out var answer) ? answer
            : (404, """{"message":"no such thing"}""");
        return $"HTTP/1.1 {status} Status\r\nApi-Version: 1.41\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";
    }

    private static string WithoutVersion(string path) => path.StartsWith("/v1.", StringComparison.Ordinal) ? path[path.IndexOf('/', 1)..] : path;
}
