using System.Text.RegularExpressions;
using DockMon.Agent.Policies.Create.Paths;

namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>Gathers the settings of a container, in the words that the engine and compose have in common.</summary>
/// <param name="subject">What a refusal calls it.</param>
internal sealed partial class SettingsBuilder(string subject)
{
    /// <summary>The name of all devices that are asked for by what they can do.</summary>
    public const string Gpu = "gpu";

    private static readonly string[] OwnModes = ["", "default", "bridge", "none", "nat", "private", "shareable", "slirp4netns", "pasta"];
    private static readonly string[] DefaultRuntimes = ["", "runc", "io.containerd.runc.v2", "oci"];
    private static readonly string[] HarmlessOptions =
        ["no-new-privileges", "no-new-privileges=true", "no-new-privileges=false", "seccomp=builtin", "apparmor=docker-default"];

    private readonly List<string> _images = [];
    private readonly List<Danger> _dangers = [];
    private readonly List<EngineReference> _references = [];
    private IReadOnlySet<string> _capabilities = Capabilities.Default;

    public EffectiveSettings Build() => new(subject, _images, _capabilities, [.. _dangers.Distinct()], [.. _references.Distinct()]);

    public void Add(DangerKind kind, string value = "", string? via = null) => _dangers.Add(new Danger(kind, value, via));

    public void AddImage(string image) => _images.Add(image);

    public void AddPath(string path, string? via = null, bool isReadOnly = false) =>
        _dangers.Add(new Danger(DangerKind.HostPath, HostPaths.Clean(path), via) { IsReadOnly = isReadOnly });

    /// <summary>A device by its path, or by the name that its vendor gives it (CDI).</summary>
    public void AddDevice(string device) => Add(DangerKind.Device, device.StartsWith('/') ? HostPaths.Clean(device) : device);

    public void AddCapabilities(IEnumerable<string> added, IEnumerable<string> dropped)
    {
        _capabilities = Capabilities.Effective(added, dropped);
        foreach (var name in _capabilities.Contains(Capabilities.All) ? [Capabilities.All] : _capabilities.Except(Capabilities.Default))
        {
            Add(DangerKind.Capability, name);
        }
    }

    /// <summary>A mount such as <c>/host:/inside:ro</c> or <c>volume:/inside</c>; a path alone is an anonymous volume.</summary>
    public void AddBind(string bind)
    {
        if (bind.IndexOf(':', StringComparison.Ordinal) is var colon and > 0)
        {
            AddMountSource(bind[..colon], IsReadOnly(bind));
        }
    }

    /// <summary>What is mounted: a path of the host, or a named volume.</summary>
    /// <param name="source">Its path or name.</param>
    /// <param name="isReadOnly">Whether it is only read, for sure.</param>
    public void AddMountSource(string source, bool isReadOnly = false)
    {
        if (VolumeName().IsMatch(source))
        {
            _references.Add(new EngineReference(EngineReferenceKind.Volume, source));
        }
        else if (source.Length > 0)
        {
            AddPath(source, isReadOnly: isReadOnly);
        }
    }

    public void AddNetwork(string name)
    {
        if (name == "host")
        {
            Add(DangerKind.HostNamespace, "network");
        }
        else if (!OwnModes.Contains(name, StringComparer.Ordinal))
        {
            _references.Add(new EngineReference(EngineReferenceKind.Network, name));
        }
    }

    public void AddNetworkMode(string mode)
    {
        if (!AddShared(mode, "network", EngineReferenceKind.NetworkNamespace))
        {
            AddNetwork(mode.Split(':')[0]); // Podman: pasta:OPTIONS.
        }
    }

    /// <summary>The mode of another namespace than the network's.</summary>
    /// <param name="mode">Such as <c>host</c> or <c>container:ID</c>.</param>
    /// <param name="name">What is shared.</param>
    /// <param name="owner">What the container has from the one that it shares the namespace of.</param>
    public void AddNamespace(string mode, string name, EngineReferenceKind owner)
    {
        if (!AddShared(mode, name, owner) && !OwnModes.Contains(mode, StringComparer.Ordinal))
        {
            Add(DangerKind.Unknown, $"{name} namespace {mode}");
        }
    }

    /// <summary>The user namespace, of which only the host's is one that others have.</summary>
    public void AddUserNamespace(string mode) => AddShared(mode, "user", EngineReferenceKind.ProcessNamespace);

    public void AddMountsOf(string reference) => _references.Add(new EngineReference(EngineReferenceKind.Mounts, reference));

    public void AddSecurityOption(string option)
    {
        // Before Docker 1.11 the two halves had a colon between them, and it is still understood.
        var separator = option.IndexOfAny(['=', ':']);
        var written = separator > 0 && option[separator] == ':' ? $"{option[..separator]}={option[(separator + 1)..]}" : option;
        if (!HarmlessOptions.Contains(written, StringComparer.Ordinal))
        {
            // A profile of seccomp is a whole document.
            Add(DangerKind.SecurityOption, written.StartsWith("seccomp={", StringComparison.Ordinal) ? "seccomp=(a profile of its own)" : written);
        }
    }

    public void AddRuntime(string runtime)
    {
        if (!DefaultRuntimes.Contains(runtime, StringComparer.Ordinal))
        {
            Add(DangerKind.SecurityOption, "runtime=" + runtime);
        }
    }

    /// <summary>Options of a log driver. Some are sockets, certificates or directories of the host.</summary>
    public void AddLogOptions(IEnumerable<KeyValuePair<string, string>> options)
    {
        foreach (var (name, value) in options)
        {
            if (value.StartsWith("unix", StringComparison.OrdinalIgnoreCase) && value.IndexOf("://", StringComparison.Ordinal) is var at and > 0)
            {
                AddPath(value[(at + 3)..], "log option " + name, isReadOnly: true);
            }
            else if (value.StartsWith('/'))
            {
                AddPath(value, "log option " + name, isReadOnly: true);
            }
        }
    }

    public void AddVolumeOptions(string driver, IReadOnlyDictionary<string, string> options, string via) =>
        _dangers.AddRange(VolumeOptionDangers.Of(driver, options, via));

    /// <summary>Whether <c>SOURCE:TARGET:MODE</c> has the mode <c>ro</c>.</summary>
    public static bool IsReadOnly(string bind) => bind.Split(':') is [_, _, var mode] && mode.Split(',').Contains("ro", StringComparer.Ordinal);

    /// <returns>Whether the namespace is one of the host's or of another container's.</returns>
    private bool AddShared(string mode, string name, EngineReferenceKind owner)
    {
        if (mode == "host" || mode.StartsWith("ns:", StringComparison.Ordinal))
        {
            Add(DangerKind.HostNamespace, name, mode == "host" ? null : mode);
            return true;
        }

        if (!mode.StartsWith("container:", StringComparison.Ordinal))
        {
            return false;
        }

        _references.Add(new EngineReference(owner, mode["container:".Length..]));
        return true;
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*$(?!\n)", RegexOptions.CultureInvariant)]
    private static partial Regex VolumeName();
}
