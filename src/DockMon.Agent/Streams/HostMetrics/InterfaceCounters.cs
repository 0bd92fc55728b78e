using System.Globalization;

namespace DockMon.Agent.Streams.HostMetrics;

/// <summary>One interface in <c>/proc/net/dev</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Received">Bytes since it came up.</param>
/// <param name="Sent">Bytes since it came up.</param>
internal sealed record InterfaceCounters(string Name, ulong Received, ulong Sent)
{
    private const int SentField = 8;

    // What passes through these passes through a physical one as well, or never leaves the host.
    private static readonly string[] VirtualPrefixes =
        ["veth", "br-", "docker", "virbr", "vnet", "tun", "tap", "dummy", "gre", "sit", "ip6tnl", "vxlan", "flannel", "cni", "cali", "weave"];

    /// <summary>Whether an interface of this name is no virtual one.</summary>
    public static bool IsPhysical(string name) => name != "lo" && !VirtualPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Reads the interfaces; lines that are none, such as the two of the heading, are left out.</summary>
    public static IEnumerable<InterfaceCounters> Parse(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            // Old kernels write no space after the colon, and a name may have colons itself.
            var colon = line.LastIndexOf(':');
            var fields = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (colon > 0 && fields.Length > SentField && Number(fields[0]) is { } received && Number(fields[SentField]) is { } sent)
            {
                yield return new(line[..colon].Trim(), received, sent);
            }
        }
    }

    /// <summary>Bytes both ways between two readings.</summary>
    public static double BytesBetween(IReadOnlyList<InterfaceCounters> earlier, IReadOnlyList<InterfaceCounters> later) =>
        later.Sum(now => earlier.FirstOrDefault(then => then.Name == now.Name) is { } then ? Step(then.Received, now.Received) + Step(then.Sent, now.Sent) : 0);

    // A counter that went down wrapped, or is another interface's of the same name: what passed meanwhile is unknown, and a guess would be a spike.
    private static double Step(ulong then, ulong now) => now >= then ? now - then : 0;

    private static ulong? Number(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
