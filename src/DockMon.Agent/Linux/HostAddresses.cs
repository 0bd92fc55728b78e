using System.Buffers.Binary;
using System.Net;
using DockMon.Protocol;

namespace DockMon.Agent.Linux;

/// <summary>
/// The IPv4 addresses of a network namespace, from the kernel's own tables. Files rather than the interfaces .NET lists, because
/// they can also be read of a namespace the agent is not in: the host's.
/// </summary>
internal static class HostAddresses
{
    private static readonly string[] ContainerInterfaces =
    [
        "lo", "docker", "br-", "veth", "virbr", "vnet", "cni", "flannel", "cali", "cilium", "weave", "podman", "nerdctl", "kube", "lxc", "lxd",
        "vxlan", "dummy",
    ];

    /// <summary>
    /// The addresses a process sees, below its directory in procfs (<c>/proc/self</c>, <c>/host/proc/1</c>): those of the default
    /// route's interface first. Empty when they cannot be read.
    /// </summary>
    public static IReadOnlyList<string> Read(string processDirectory)
    {
        try
        {
            return Select(File.ReadAllText(Path.Combine(processDirectory, "net/fib_trie")), File.ReadAllText(Path.Combine(processDirectory, "net/route")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The host's addresses among the local ones of <c>fib_trie</c>, told from containers' networks by <c>route</c>.</summary>
    public static IReadOnlyList<string> Select(string fibTrie, string route)
    {
        var routes = RouteTable.Parse(route);
        var first = routes.DefaultInterface;
        return [.. LocalAddresses(fibTrie).Distinct()
            .Where(address => !IPAddress.IsLoopback(address) && address.GetAddressBytes() is not [169, 254, ..])
            .Select(address => (Address: address, Interface: routes.InterfaceOf(address)))
            .Where(found => found.Interface is { } name && !IsContainerInterface(name))
            .OrderBy(found => found.Interface == first ? 0 : 1)
            .ThenBy(found => BinaryPrimitives.ReadUInt32BigEndian(found.Address.GetAddressBytes()))
            .Take(RegisterValidation.HostIpCount)
            .Select(found => found.Address.ToString())];
    }

    /// <summary>Whether an interface of this name belongs to containers or virtual machines.</summary>
    public static bool IsContainerInterface(string name) =>
        Array.Exists(ContainerInterfaces, prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    // A leaf ("|-- 192.168.1.5") is followed by what is known of it; "/32 host LOCAL" says that it is an address of this machine.
    private static IEnumerable<IPAddress> LocalAddresses(string fibTrie)
    {
        IPAddress? leaf = null;
        foreach (var line in fibTrie.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith("|-- ", StringComparison.Ordinal))
            {
                _ = IPAddress.TryParse(line.AsSpan(4), out leaf);
            }
            else if (leaf is not null && line == "/32 host LOCAL")
            {
                yield return leaf;
            }
        }
    }
}
