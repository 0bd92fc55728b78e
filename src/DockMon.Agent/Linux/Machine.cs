namespace DockMon.Agent.Linux;

/// <summary>The machine as the agent sees it: its own procfs and sysfs and, where its container was given them, the host's.</summary>
/// <param name="root">The file system; <c>/</c> but for tests.</param>
internal sealed class Machine(string root = "/")
{
    private bool? _inContainer;

    /// <summary>The machine that the agent runs on.</summary>
    public static Machine Current { get; } = new();

    /// <summary>The agent's own procfs.</summary>
    public string Proc { get; } = Path.Combine(root, "proc");

    /// <summary>The agent's own sysfs.</summary>
    public string Sys { get; } = Path.Combine(root, "sys");

    /// <summary>Where a container is given the host's procfs; it need not be.</summary>
    public string HostProc { get; } = Path.Combine(root, "host/proc");

    /// <summary>Where a container is given the host's sysfs; it need not be.</summary>
    public string HostSys { get; } = Path.Combine(root, "host/sys");

    /// <summary>The operating system's host name; in a container the container's own.</summary>
    public string? Hostname { get; init; } = Environment.MachineName;

    /// <summary>Whether the agent runs in a container, be it one of this engine's or not.</summary>
    public bool InContainer
    {
        get => _inContainer ??= SelfContainerIds.AreContainerMounts(Mounts);
        init => _inContainer = value;
    }

    /// <summary>The agent's mounts; none where they cannot be read.</summary>
    public IReadOnlyList<Mount> Mounts => Mount.Parse(ReadText("self/mountinfo") ?? "");

    /// <summary>The agent's control groups; none where they cannot be read.</summary>
    public IEnumerable<ControlGroup> ControlGroups => ControlGroup.Parse(ReadText("self/cgroup") ?? "");

    /// <summary>The version of the kernel; null where it cannot be read.</summary>
    public string? Kernel => ReadText("sys/kernel/osrelease")?.Trim();

    /// <summary>The memory in bytes; null where it cannot be read.</summary>
    public long? Memory => Read("meminfo", File.ReadAllBytes) is { } text ? (long?)MemoryInfo.Total(text) : null;

    /// <summary>The number of this start of the machine; null where it cannot be read. In a container it is the host's.</summary>
    public string? BootId => ReadText("sys/kernel/random/boot_id")?.Trim();

    /// <summary>Whether the machine was started again between two boot ids; false where one of them is not known.</summary>
    public static bool WasRestarted(string? earlier, string? now) => earlier is not null && now is not null && earlier != now;

    /// <summary>The addresses of the host, or none rather than those of a container.</summary>
    /// <param name="onHostNetwork">Whether the agent sees the host's network as its own.</param>
    public IReadOnlyList<string> Addresses(bool onHostNetwork) =>
        // Not HostProc/net or HostProc/self: those lead back to the process that asks. Process 1 is the host's.
        HostAddresses.Read(onHostNetwork ? Path.Combine(Proc, "self") : Path.Combine(HostProc, "1"));

    private string? ReadText(string name) => Read(name, File.ReadAllText);

    private T? Read<T>(string name, Func<string, T> read)
        where T : class
    {
        try
        {
            return read(Path.Combine(Proc, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
