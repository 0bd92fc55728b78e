namespace DockMon.Agent.Hosting;

/// <summary>What the agent can see of the machine without asking the engine.</summary>
/// <param name="ProcRoot">The procfs of the agent's own process.</param>
/// <param name="HostProcRoot">Where the host's procfs is mounted, if it is.</param>
/// <param name="Hostname">The operating system's host name; a container's own when in one.</param>
/// <param name="InContainer">Some engine's container, if not a known one.</param>
internal sealed record HostEnvironment(string ProcRoot, string HostProcRoot, string? Hostname, bool InContainer)
{
    private const string MemoryField = "MemTotal:";

    /// <summary>The version of the kernel that runs; null where it cannot be read.</summary>
    public string? Kernel => Read("sys/kernel/osrelease")?.Trim();

    /// <summary>The machine's memory in bytes; null where it cannot be read.</summary>
    public long? Memory => Read("meminfo")?.Split('\n').FirstOrDefault(line => line.StartsWith(MemoryField, StringComparison.Ordinal)) is { } line
        && long.TryParse(line.AsSpan(MemoryField.Length).Trim().TrimEnd("kB").Trim(), out var kilobytes) ? kilobytes * 1024 : null;

    public static HostEnvironment Current() => new("/proc", "/host/proc", Environment.MachineName, SelfContainer.IsInAny("/proc"));

    /// <summary>The addresses of the machine, or none rather than those of a container.</summary>
    public IReadOnlyList<string> Addresses(SelfContainer? self)
    {
        var onHost = self is null ? !InContainer : self.HasHostNetwork;

        // Not HostProcRoot/net or HostProcRoot/self: those lead back to the process that asks. Process 1 is the host's.
        return onHost ? HostAddresses.Read(Path.Combine(ProcRoot, "self")) : HostAddresses.Read(Path.Combine(HostProcRoot, "1"));
    }

    private string? Read(string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(ProcRoot, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
