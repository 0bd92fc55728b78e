using System.Text;

namespace DockMon.Agent.Linux;

/// <summary>One interface in <c>/proc/net/dev</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Received">Bytes since it came up.</param>
/// <param name="Sent">Bytes since it came up.</param>
internal sealed record InterfaceCounters(string Name, ulong Received, ulong Sent)
{
    private const int LongestName = 64; // Four times the kernel's own limit: a user's mount of /proc is not the kernel's word.

    // What passes through these passes through a physical one as well, or never leaves the host.
    private static readonly string[] VirtualPrefixes =
        ["veth", "br-", "docker", "virbr", "vnet", "tun", "tap", "dummy", "gre", "sit", "ip6tnl", "vxlan", "flannel", "cni", "cali", "weave"];

    /// <summary>Whether an interface of this name is no virtual one.</summary>
    public static bool IsPhysical(ReadOnlySpan<char> name)
    {
        foreach (var prefix in VirtualPrefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return name is not "lo";
    }

    /// <summary>Reads the physical interfaces; lines that are none, such as the two of the heading, are left out.</summary>
    public static List<InterfaceCounters> ParsePhysical(ReadOnlySpan<byte> text)
    {
        var found = new List<InterfaceCounters>();
        Span<char> chars = stackalloc char[LongestName];
        foreach (var range in text.Split((byte)'\n'))
        {
            if (KernelText.TryInterface(text[range], out var name, out var received, out var sent)
                && Encoding.UTF8.TryGetChars(name, chars, out var length)
                && IsPhysical(chars[..length]))
            {
                found.Add(new(new string(chars[..length]), received, sent));
            }
        }

        return found;
    }

    /// <summary>Bytes both ways between two readings.</summary>
    public static double BytesBetween(IReadOnlyList<InterfaceCounters> earlier, IReadOnlyList<InterfaceCounters> later) =>
        later.Sum(now => earlier.FirstOrDefault(then => then.Name == now.Name) is { } then ? Step(then.Received, now.Received) + Step(then.Sent, now.Sent) : 0);

    // A counter that went down wrapped, or is another interface's of the same name: what passed meanwhile is unknown, and a guess would be a spike.
    private static double Step(ulong then, ulong now) => now >= then ? now - then : 0;
}
