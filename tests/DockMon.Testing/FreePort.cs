using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DockMon.Testing;

/// <summary>Ports for programs that must be told theirs.</summary>
public static class FreePort
{
    // Below those that the kernel takes for itself: there a proxy or an outgoing connection could get the port before the program does, and a
    // connection that is tried before the program listens could even find itself.
    private const int First = 20000;
    private const int End = 32000;

    // A program takes some time until it has its port: nobody else here gets it meanwhile.
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A loopback port that was free a moment ago.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, End);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                if (Given.TryAdd(port, true))
                {
                    return port;
                }
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another's: there are enough.
            }
        }
    }
}
