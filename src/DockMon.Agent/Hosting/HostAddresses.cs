using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace DockMon.Agent.Hosting;

/// <summary>The host's IPv4 addresses, without loopback, link-local and container networks.</summary>
internal static class HostAddresses
{
    private static readonly string[] VirtualPrefixes =
        ["lo", "docker", "br-", "veth", "virbr", "vnet", "cni", "flannel", "cali", "weave", "podman", "vxlan", "kube", "lxc", "lxd", "tap", "dummy"];

    /// <summary>The addresses of this network namespace, those of an interface with a gateway first.</summary>
    public static IReadOnlyList<string> Read() =>
        [.. NetworkInterface.GetAllNetworkInterfaces()
            .Where(nic => nic.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown && !IsVirtual(nic.Name))
            .Select(nic => nic.GetIPProperties())
            .OrderByDescending(properties => properties.GatewayAddresses.Any(gateway => !gateway.Address.Equals(IPAddress.Any)))
            .SelectMany(properties => properties.UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(IsPublic)
            .Select(address => address.ToString())
            .Distinct()
            .Take(Protocol.RegisterValidation.HostIpCount)];

    /// <summary>Whether an interface belongs to containers or virtual machines, by its name.</summary>
    public static bool IsVirtual(string name) => Array.Exists(VirtualPrefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    private static bool IsPublic(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address) && address.GetAddressBytes() is not [169, 254, ..];
}
