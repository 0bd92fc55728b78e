using System.Net;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Protocol;

namespace DockMon.Agent.Doctor;

/// <summary>The way to the server: the endpoint, and the proxy in between.</summary>
/// <param name="Endpoint">The control socket's address.</param>
/// <param name="Proxy">The proxy in between, without its password; null for none.</param>
internal sealed record ServerRoute(Uri Endpoint, Uri? Proxy)
{
    /// <summary>The host that is resolved and connected to: the proxy, or else the server.</summary>
    public string Host => (Proxy ?? Endpoint).IdnHost;

    public int Port => (Proxy ?? Endpoint).Port;

    public bool IsTls => Endpoint.Scheme == "wss";

    /// <summary>Finds the route that the runtime takes for the agent's own connections.</summary>
    public static ServerRoute Find(AgentOptions options, IWebProxy system)
    {
        var endpoint = Dialer.Endpoint(options.ServerUrl, ProtocolLimits.ControlPath);
        var proxy = system.IsBypassed(endpoint) ? null : system.GetProxy(endpoint);
        return new ServerRoute(endpoint, proxy is null || proxy == endpoint ? null : new UriBuilder(proxy) { UserName = "", Password = "" }.Uri);
    }

    /// <summary>Whether an address belongs to the machine itself or to a private network.</summary>
    public static bool IsPrivate(IPAddress address)
    {
        var bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        return IPAddress.IsLoopback(address) || bytes switch
        {
            [10, ..] or [192, 168, ..] or [169, 254, ..] => true,
            [172, var second, _, _] => second is >= 16 and < 32,
            [100, var second, _, _] => second is >= 64 and < 128, // Carrier-grade NAT, and overlay networks such as Tailscale.
            { Length: 16 } => (bytes[0] & 0xfe) == 0xfc || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80),
            _ => false,
        };
    }
}
