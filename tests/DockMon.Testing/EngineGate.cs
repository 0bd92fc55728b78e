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
    private readonly SocketServer _server;
    private readonly string _engine;
    private volatile GatedRequest? _expected;

    private EngineGate(string engine)
    {
        _engine = engine;
        _server = new SocketServer(ServeAsync);
    }

    /// <summary>What DOCKER_HOST has to be.</summary>
    public string Host => _server.Host;

    /// <summary>Starts one.</summary>
    /// <param name="host">DOCKER_HOST of the engine; the environment's when null, or the usual socket.</param>
    public static EngineGate Start(string? host)
    {
        const string Scheme = "unix://";
        var engine = host ?? Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
        return engine.StartsWith(Scheme, StringComparison.Ordinal)
            ? new EngineGate(engine[Scheme.Length..])
            : throw new ArgumentException($"{engine} is no socket", nameof(host));
    }

    /// <summary>The next request that is meant; one at a time.</summary>
    /// <param name="isIt">Whether a request, such as "POST /v1.41/containers/create?name=x", is meant.</param>
    public GatedRequest Expect(Func<string, bool> isIt) => _expected = new GatedRequest(isIt);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(Socket client, CancellationToken ct)
    {
        using var engine = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var connection = new Connection();
        try
        {
            await engine.ConnectAsync(new UnixDomainSocketEndPoint(_engine), ct);
            await Task.WhenAll(AskAsync(client, engine, connection, ct), AnswerAsync(engine, client, connection, ct));
        }
        finally
        {
            connection.Request?.End();
        }
    }

    private async Task AskAsync(Socket client, Socket engine, Connection connection, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        long left = 0;
        while (await ReceiveAsync(client, buffer, ct) is > 0 and var count)
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
            await engine.SendAsync(buffer.AsMemory(0, count), SocketFlags.None, ct);
            if (left <= 0)
            {
                connection.Request?.Begin();
            }
        }

        engine.Shutdown(SocketShutdown.Send);
    }

    private static async Task AnswerAsync(Socket engine, Socket client, Connection connection, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        var hears = true;
        while (await ReceiveAsync(engine, buffer, ct) is > 0 and var count)
        {
            connection.Request?.End();
            try
            {
                _ = hears && await client.SendAsync(buffer.AsMemory(0, count), SocketFlags.None, ct) > 0;
            }
            catch (SocketException)
            {
                hears = false; // It was killed. The engine goes on, and what it says is still of interest.
            }
        }

        client.Close();
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] buffer, CancellationToken ct)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, SocketFlags.None, ct);
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

        var length = headers.Where(header => header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(header => long.Parse(header.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
        return ($"{verb} {path}", (end < 0 ? bytes.Length : end + 4) + length);
    }

    private sealed class Connection
    {
        public volatile GatedRequest? Request;
    }
}
