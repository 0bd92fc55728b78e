using System.Net;
using System.Net.Sockets;

namespace DockMon.Engine;

/// <summary>Opens connections to an endpoint and says in plain words why one failed.</summary>
internal static class EngineConnector
{
    public static HttpMessageInvoker Create(EngineEndpoint endpoint)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            // Streams without an end are left in the middle: close at once instead of reading on for a while.
            MaxResponseDrainSize = 0,
            ResponseDrainTimeout = TimeSpan.Zero,
            ConnectCallback = async (context, ct) =>
                new NetworkStream(await ConnectAsync(endpoint, context.DnsEndPoint, ct).ConfigureAwait(false), ownsSocket: true),
        };
        if (endpoint.Tls is { } tls)
        {
            handler.SslOptions = tls;
        }

        return new HttpMessageInvoker(handler);
    }

    public static EngineUnavailableException Unavailable(EngineEndpoint endpoint, Exception error) => new(
        $"cannot connect to the Docker engine at {endpoint.Description}: {Why(endpoint, error)}", error);

    public static EngineUnavailableException Lost(EngineEndpoint endpoint, Exception error) => new(
        $"the connection to the Docker engine at {endpoint.Description} broke: {error.GetBaseException().Message}", error);

    private static async Task<Socket> ConnectAsync(EngineEndpoint endpoint, DnsEndPoint host, CancellationToken ct)
    {
        var socket = endpoint.SocketPath is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (endpoint.SocketPath is { } path)
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct).ConfigureAwait(false);
            }
            else
            {
                // An event stream may be silent for hours; this is what notices that the other machine is gone.
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
                await socket.ConnectAsync(host, ct).ConfigureAwait(false);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Why(EngineEndpoint endpoint, Exception error)
    {
        var cause = error.GetBaseException();
        if (cause is SocketException { SocketErrorCode: SocketError.TimedOut })
        {
            return $"timeout: {cause.Message}"; // "Connection timed out" has not the word that servers look for.
        }

        if (endpoint.SocketPath is not { } path)
        {
            return cause.Message;
        }

        return (cause as SocketException)?.SocketErrorCode switch
        {
            SocketError.AccessDenied => $"permission denied; {Remedy(FileStatus.Read(path))}",
            SocketError.ConnectionRefused => "nothing answers on that socket; is the engine running?",
            // A missing path is reported as an address that cannot be assigned.
            SocketError.AddressNotAvailable =>
                $"there is no such socket; mount it into the container (-v {path}:{path}), start the engine, or set DOCKER_HOST",
            _ => cause.Message,
        };
    }

    private static string Remedy(FileStatus? socket) => socket switch
    {
        null => "make the directory it lies in accessible",
        { Mode: var mode } when mode.HasFlag(UnixFileMode.GroupWrite) => $"run as a member of the socket's group (docker run --group-add {socket.Group})",
        _ => $"only the socket's owner may use it: run as user {socket.User} (docker run --user {socket.User})",
    };
}
