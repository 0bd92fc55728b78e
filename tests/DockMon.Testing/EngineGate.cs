using System.Net.Sockets;
using System.Text;

namespace DockMon.Testing;

/// <summary>A request that passes an <see cref="EngineGate"/>.</summary>
/// <param name="isIt">Whether a request, such as "POST /v1.41/containers/create?name=x", is meant.</param>
public sealed class GatedRequest(Func<string, bool> isIt)
{
    private readonly TaskCompletionSource _underWay = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the engine has been given the whole of it.</summary>
    public Task UnderWay => _underWay.Task;

    /// <summary>Completes when the engine has answered, whoever hears it, or has closed the connection.</summary>
    public Task Answered => _answered.Task;

    internal bool Is(string line) => isIt(line);

    internal void Begin() => _underWay.TrySetResult();

    internal void End() => _answered.TrySetResult();
}

/// <summary>A proxy in front of an engine's socket that tells when a chosen request is under way.</summary>
public sealed class EngineGate : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"gate-{Guid.NewGuid():N}.sock");
    private readonly string _engine;
    private readonly Task _accepting;
    private volatile GatedRequest? _expected;

    private EngineGate(string engine)
    {
        _engine = engine;
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(128);
        _accepting = AcceptAsync();
    }

    /// <summary>What DOCKER_HOST has to be.</summary>
    public string Host => "unix://" + _path;

    /// <summary>Starts one.</summary>
    /// <param name="host">DOCKER_HOST of the engine; the environment's when null, or the usual socket.</param>
    public static EngineGate Start(string? host)
    {
        const string Scheme = "unix://";
        var engine = host ?? Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
        return engine.StartsWith(Scheme, StringComparison.Ordinal) ? new EngineGate(engine[Scheme.Length..]) : throw new ArgumentException($"{engine} is no socket", nameof(host));
    }

    /// <summary>The next request that is meant; one at a time.</summary>
    /// <param name="isIt">Whether a request, such as "POST /v1.41/containers/create?name=x", is meant.</param>
    public GatedRequest Expect(Func<string, bool> isIt) => _expected = new GatedRequest(isIt);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        File.Delete(_path);
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

    private async Task ServeAsync(Socket client)
    {
        using var closing = client;
        using var engine = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var connection = new Connection();
        try
        {
            await engine.ConnectAsync(new UnixDomainSocketEndPoint(_engine), _stop.Token);
            await Task.WhenAll(AskAsync(client, engine, connection), AnswerAsync(engine, client, connection));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // One of the two is gone: the engine was stopped, or the test is over.
        }
        finally
        {
            connection.Request?.End();
        }
    }

    private async Task AskAsync(Socket client, Socket engine, Connection connection)
    {
        var buffer = new byte[64 * 1024];
        long left = 0;
        while (await ReceiveAsync(client, buffer) is > 0 and var count)
        {
            // A client begins to write a request only when the one before it on this connection was answered.
            if (left <= 0 && HeadOf(buffer.AsSpan(0, count)) is var (line, length))
            {
                left = length;
                if (_expected is { } expected && expected.Is(line))
                {
                    (_expected, connection.Request) = (null, expected);
                }
            }

            left -= count;
            await engine.SendAsync(buffer.AsMemory(0, count), SocketFlags.None, _stop.Token);
            if (left <= 0)
            {
                connection.Request?.Begin();
            }
        }

        engine.Shutdown(SocketShutdown.Send);
    }

    private async Task AnswerAsync(Socket engine, Socket client, Connection connection)
    {
        var buffer = new byte[64 * 1024];
        var hears = true;
        while (await ReceiveAsync(engine, buffer) is > 0 and var count)
        {
            connection.Request?.End();
            try
            {
                _ = hears && await client.SendAsync(buffer.AsMemory(0, count), SocketFlags.None, _stop.Token) > 0;
            }
            catch (SocketException)
            {
                hears = false; // It was killed. The engine goes on, and what it says is still of interest.
            }
        }

        client.Close();
    }

    private async Task<int> ReceiveAsync(Socket socket, byte[] buffer)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, SocketFlags.None, _stop.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <summary>The first line of a request without its protocol, and the length of the whole; null when it is none.</summary>
    private static (string Line, long Length)? HeadOf(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var head = end < 0 ? text : text[..end];
        if (head.Split("\r\n") is not [var first, .. var headers] || first.Split(' ') is not [var verb, var path, ..])
        {
            return null;
        }

        var length = headers.Where(header => header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Select(header => long.Parse(header.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
        return ($"{verb} {path}", (end < 0 ? bytes.Length : end + 4) + length);
    }

    private sealed class Connection
    {
        public volatile GatedRequest? Request;
    }
}
