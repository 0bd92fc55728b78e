using System.Net;

namespace DockMon.Hub.Tls;

/// <summary>The networks of <c>HUB_TRUSTED_PROXIES</c>, whose word counts for where a request comes from and whether it came by TLS.</summary>
internal static class TrustedProxies
{
    /// <summary>Reads networks and single addresses.</summary>
    /// <exception cref="ArgumentException">One of them is neither.</exception>
    public static IReadOnlyList<IPNetwork> Load(string? text)
    {
        var networks = new List<IPNetwork>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            networks.Add(
                IPNetwork.TryParse(part, out var network) ? network
                : IPAddress.TryParse(part, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
                : throw new ArgumentException(
                    $"HUB_TRUSTED_PROXIES has \"{part}\": it must be the address of a proxy or its network, such as 172.18.0.0/16, or several with commas"));
        }

        return networks;
    }
}
