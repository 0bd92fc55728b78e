using System.Globalization;

namespace DockMon.Agent.Linux;

/// <summary>What the kernel permits the process beyond what its user may do.</summary>
internal static class EffectiveCapabilities
{
    private const string Effective = "CapEff:";
    private const ulong ChangeOwner = 1;

    /// <summary>Whether the process may give files to other users (CAP_CHOWN).</summary>
    public static bool MayChangeOwner()
    {
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Effective, StringComparison.Ordinal));
        return line is not null && (ulong.Parse(line.AsSpan(Effective.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & ChangeOwner) != 0;
    }
}
