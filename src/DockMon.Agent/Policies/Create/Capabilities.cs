using System.Collections.Frozen;

namespace DockMon.Agent.Policies.Create;

/// <summary>The capabilities of Linux, and which of them a container has.</summary>
internal static class Capabilities
{
    /// <summary>What stands for every one.</summary>
    public const string All = "ALL";

    private const string Prefix = "CAP_";

    /// <summary>What Docker gives to every container.</summary>
    public static FrozenSet<string> Default { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID",
        "SYS_CHROOT");

    /// <summary>All that the kernel has.</summary>
    public static FrozenSet<string> Known { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        [
            .. Default,
            "AUDIT_CONTROL", "AUDIT_READ", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH", "IPC_LOCK", "IPC_OWNER", "LEASE",
            "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "NET_ADMIN", "NET_BROADCAST", "PERFMON", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_NICE",
            "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG", "WAKE_ALARM",
        ]);

    /// <summary>A name as it is compared: <c>cap_sys_admin</c> is <c>SYS_ADMIN</c>.</summary>
    public static string Normalize(string name)
    {
        var upper = name.Trim().ToUpperInvariant();
        return upper.StartsWith(Prefix, StringComparison.Ordinal) ? upper[Prefix.Length..] : upper;
    }

    /// <summary>What a container has, as Docker computes it. <see cref="All"/> is among them when everything was added.</summary>
    /// <param name="added">What its settings add to the default.</param>
    /// <param name="dropped">What they take away.</param>
    public static IReadOnlySet<string> Effective(IEnumerable<string> added, IEnumerable<string> dropped)
    {
        var (add, drop) = (added.Select(Normalize).ToHashSet(StringComparer.Ordinal), dropped.Select(Normalize).ToHashSet(StringComparer.Ordinal));
        if (add.Contains(All))
        {
            return Known.Append(All).Except(drop.Where(name => name != All)).ToHashSet(StringComparer.Ordinal);
        }

        // What is added counts although it is dropped, too.
        return (drop.Contains(All) ? [] : Default.Except(drop)).Union(add).ToHashSet(StringComparer.Ordinal);
    }
}
