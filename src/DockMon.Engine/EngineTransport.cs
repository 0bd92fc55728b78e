using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace DockMon.Engine;

/// <summary>Opens connections to an endpoint and says in words people can use why it could not.</summary>
internal sealed class EngineTransport(EngineEndpoint endpoint)
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    /// <summary>A handler whose every connection goes to the endpoint.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        UseProxy = false,
        ConnectTimeout = ConnectLimit,
        // Docker drops idle connections when it restarts; short-lived pools spare the first request after it.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        ConnectCallback = async (_, ct) => await ConnectAsync(ct).ConfigureAwait(false),
    };

    /// <summary>A new connection, TLS included.</summary>
    public async Task<Stream> ConnectAsync(CancellationToken ct)
    {
        var socket = endpoint.SocketPath is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(endpoint.SocketPath is { } path ? new UnixDomainSocketEndPoint(path) : new DnsEndPoint(endpoint.Host!, endpoint.Port), ct).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (endpoint.Tls is null)
            {
                return stream;
            }

            var tls = new SslStream(stream);
            await tls.AuthenticateAsClientAsync(endpoint.Tls, ct).ConfigureAwait(false);
            return tls;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The failure of a connection, with the remedy where one is known.</summary>
    public EngineUnavailableException Explain(Exception exception)
    {
        var cause = exception;
        while (cause is not SocketException && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        var why = cause switch
        {
            SocketException { SocketErrorCode: SocketError.AccessDenied } =>
                $"permission denied: run as root, or in the group that owns the socket (in a container: --group-add {GroupOf(endpoint.SocketPath)})",
            SocketException when endpoint.SocketPath is { } path && !File.Exists(path) =>
                "no such socket: is Docker running? In a container, mount it: -v /var/run/docker.sock:/var/run/docker.sock",
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused: is Docker running?",
            _ => cause.Message,
        };
        return new EngineUnavailableException($"cannot connect to the Docker engine at {endpoint.Description}: {why}", exception);
    }

    // .NET has no call for a file's group; the mount's own number is what the user needs, and `stat` prints it.
    private static string GroupOf(string? path) => $"$(stat -c %g {path})";
}
