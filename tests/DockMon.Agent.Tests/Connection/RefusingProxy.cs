using System.Net;
using System.Net.Sockets;

namespace DockMon.Agent.Tests.Connection;

/// <summary>
/// A proxy that wants a user and a password, as a variable of the environment would set it, and lets nothing through. It is there for one host
/// only: all tests share the process.
/// </summary>
internal sealed class RefusingProxy : IWebProxy
{
    public const string Host = "behind-the-proxy.invalid";

    private const string Secret = "very-secret";

    private static readonly Lazy<RefusingProxy> One = new(() => new RefusingProxy());

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    private RefusingProxy()
    {
        _listener.Start();
        HttpClient.DefaultProxy = this;
        _ = ServeAsync();
    }

    public ICredentials? Credentials { get; set; }

    /// <summary>Sets it up.</summary>
    /// <returns>What nobody may be told.</returns>
    public static string Use()
    {
        _ = One.Value;
        return Secret;
    }

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : new Uri($"http://me:{Secret}@{_listener.LocalEndpoint}");

    public bool IsBypassed(Uri host) => host.Host != Host;

    private async Task ServeAsync()
    {
        while (true)
        {
            using var socket = await _listener.AcceptSocketAsync();
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
                // Whatever is asked for.
            }

            await stream.WriteAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
        }
    }
}
