using DockMon.Agent.Policies.Create.Paths;

namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>What a named volume has of the host by the options of its driver: it may be a directory or a disk of the host under another name.</summary>
internal static class VolumeOptionDangers
{
    private const string LocalDriver = "local";

    // Memory, and what other machines have.
    private static readonly string[] HarmlessTypes = ["tmpfs", "nfs", "nfs4", "cifs", "smb3"];

    /// <param name="driver">The driver; empty for the local one.</param>
    /// <param name="options">Its options.</param>
    /// <param name="via">What a refusal calls the volume.</param>
    public static IEnumerable<Danger> Of(string driver, IReadOnlyDictionary<string, string> options, string via)
    {
        if (options.Count == 0)
        {
            return [];
        }

        if (driver is not ("" or LocalDriver))
        {
            // What a plugin does with a path is its own affair, but hardly anything else than to open it.
            return options.Values.Where(value => value.StartsWith('/')).Select(path => new Danger(DangerKind.HostPath, HostPaths.Clean(path), via));
        }

        var (type, device) = (Option(options, "type"), Option(options, "device"));
        if (FindBound(options) is { } bound)
        {
            return [new Danger(DangerKind.HostPath, HostPaths.Clean(bound), via)];
        }

        if (HarmlessTypes.Contains(type, StringComparer.Ordinal) || (type.Length == 0 && device.Length == 0))
        {
            return [];
        }

        // A disk, or a file system that shows the host's: overlay, proc and others. It may have all of the host's files.
        return [new Danger(DangerKind.HostPath, "/", $"{via}: a file system of type '{type}' on '{device}'")];
    }

    /// <summary>The path of the host that a volume of the local driver is; null for one that is none.</summary>
    public static string? FindBound(IReadOnlyDictionary<string, string> options)
    {
        // Whatever its type: the kernel looks at the flag alone.
        var flags = Option(options, "o").Split(',', StringSplitOptions.TrimEntries);
        return flags.Contains("bind", StringComparer.Ordinal) || flags.Contains("rbind", StringComparer.Ordinal) ? Option(options, "device") : null;
    }

    private static string Option(IReadOnlyDictionary<string, string> options, string name) => options.TryGetValue(name, out var value) ? value : "";
}
