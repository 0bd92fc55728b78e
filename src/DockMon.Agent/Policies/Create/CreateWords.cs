namespace DockMon.Agent.Policies.Create;

/// <summary>What create rules mean, in a sentence for people.</summary>
internal static class CreateWords
{
    /// <summary>The sentence; null when there is no rule.</summary>
    public static string? Describe(CreateRules rules) =>
        rules.IsEmpty ? null : "containers that are created, updated or deployed: " + string.Join("; ", Parts(rules));

    private static IEnumerable<string> Parts(CreateRules rules)
    {
        if (rules.Privileged is { } privileged)
        {
            yield return privileged ? "privileged ones, too" : "no privileged ones";
        }

        if (!rules.HostNamespaces)
        {
            yield return "no namespaces of the host";
        }

        if (rules.HostPaths is { } paths)
        {
            yield return "paths of the host: " + Lists(paths.Allow?.Select(path => path.Text), paths.Deny.Select(path => path.Text));
        }

        if (rules.AllowedCapabilities is not null || rules.DeniedCapabilities.Count > 0)
        {
            yield return "added capabilities: " + Lists(rules.AllowedCapabilities, rules.DeniedCapabilities);
        }

        if (rules.AllowedDevices is { } devices)
        {
            yield return "devices: " + Lists(devices, []);
        }

        if (rules.AllowedSecurityOptions is { } options)
        {
            yield return "security options: " + Lists(options, []);
        }

        if (rules.AllowedImages is not null || rules.DeniedImages.Count > 0)
        {
            yield return "images: " + Lists(rules.AllowedImages?.Select(image => image.Text), rules.DeniedImages.Select(image => image.Text));
        }
    }

    private static string Lists(IEnumerable<string>? allow, IEnumerable<string> deny)
    {
        var (only, never) = (allow?.ToList(), deny.ToList());
        var allowed = only is null ? "any" : only.Count == 0 ? "none" : "only " + string.Join(", ", only);
        return never.Count == 0 ? allowed : $"{allowed}, but not {string.Join(", ", never)}";
    }
}
