namespace DockMon.Agent.Policies.Create;

/// <summary>The kinds of settings that give a container more of the host than every container has.</summary>
internal enum DangerKind
{
    /// <summary>Everything of the host.</summary>
    Privileged,

    /// <summary>A namespace of the host: network, process, IPC, UTS, user or cgroup.</summary>
    HostNamespace,

    /// <summary>A path of the host that is mounted.</summary>
    HostPath,

    /// <summary>A file of the host that is read for the container: variables, or what its image is built from.</summary>
    HostFile,

    /// <summary>A capability that containers do not have by default.</summary>
    Capability,

    /// <summary>A device of the host.</summary>
    Device,

    /// <summary>A change of what confines every container: seccomp, AppArmor, SELinux, masked paths, the runtime.</summary>
    SecurityOption,

    /// <summary>An image that is built on the host.</summary>
    Build,

    /// <summary>A program that compose runs on the host.</summary>
    HostProgram,

    /// <summary>A setting that nobody here knows the meaning of.</summary>
    Unknown,
}

/// <summary>A setting that gives a container more of the host than every container has.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Value">Which of its kind: a path, the name of a capability, a security option; empty for <see cref="DangerKind.Privileged"/>.</param>
/// <param name="Via">What it comes by, such as <c>volume data</c>; null when it is set directly.</param>
internal sealed record Danger(DangerKind Kind, string Value = "", string? Via = null)
{
    /// <summary>Whether a path is only read, for sure.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether it is a path of the host.</summary>
    public bool IsPath => Kind is DangerKind.HostPath or DangerKind.HostFile;

    /// <summary>The danger in a few words, for the audit and for lists: <c>host path /etc</c>.</summary>
    public override string ToString() => Kind switch
    {
        DangerKind.Privileged => "privileged",
        DangerKind.HostNamespace => $"host {Value} namespace",
        DangerKind.HostPath => $"host path {Value}",
        DangerKind.HostFile => $"host file {Value}",
        DangerKind.Capability => $"capability {Value}",
        DangerKind.Device => $"device {Value}",
        DangerKind.SecurityOption => Value,
        DangerKind.Build => "image built on the host",
        DangerKind.HostProgram => $"program of the host {Value}",
        _ => $"unknown setting {Value}",
    };

    /// <summary>The danger as what is said of a container: <c>mounts /etc (by volume data)</c>.</summary>
    public string Describe()
    {
        var said = Kind switch
        {
            DangerKind.Privileged => "is privileged",
            DangerKind.HostNamespace => $"shares the host's {Value} namespace",
            DangerKind.HostPath => $"mounts {Value}",
            DangerKind.HostFile => $"reads {Value}",
            DangerKind.Capability => Value == Capabilities.All ? "has every capability" : $"has the capability {Value}",
            DangerKind.Device => $"has the device {Value}",
            DangerKind.SecurityOption => $"has {Value}",
            DangerKind.Build => "is built on the host",
            DangerKind.HostProgram => $"has compose run {Value} on the host",
            _ => $"has the setting {Value}, which this version of the agent does not know",
        };
        return Via is null ? said : $"{said} (by {Via})";
    }
}
