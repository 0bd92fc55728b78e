using System.Net;
using System.Net.Sockets;

namespace DockMon.Hub.Agents.Limits;

/// <summary>The network that stands for one client: an IPv6 client usually owns a whole /64.</summary>
internal static class ClientNetwork
{
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }
}
