using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Policies.Reading;

namespace DockMon.Agent.Policies.Create;

/// <summary>Reads the key <c>create</c> of a policy.</summary>
internal static class CreateRulesReader
{
    public static CreateRules Read(PolicyNode node)
    {
        var keys = node.Map("privileged", "host_namespaces", "host_paths", "capabilities", "devices", "security_options", "images");
        var (paths, deniedPaths) = Lists(keys.GetValueOrDefault("host_paths"), Path);
        var (capabilities, deniedCapabilities) = Lists(keys.GetValueOrDefault("capabilities"), Capability);
        var (images, deniedImages) = Lists(keys.GetValueOrDefault("images"), Image);
        return new CreateRules
        {
            Privileged = keys.GetValueOrDefault("privileged")?.Flag(),
            HostNamespaces = keys.GetValueOrDefault("host_namespaces")?.Flag() ?? true,
            HostPaths = paths is null && deniedPaths.Count == 0 ? null : new HostPathRules { Allow = paths, Deny = deniedPaths },
            // Who denies all of them allows none.
            AllowedCapabilities = deniedCapabilities.Contains(Capabilities.All) ? [] : capabilities,
            DeniedCapabilities = [.. deniedCapabilities.Where(name => name != Capabilities.All)],
            AllowedDevices = Lists(keys.GetValueOrDefault("devices"), item => item.Text(), hasDeny: false).Allow,
            AllowedSecurityOptions = Lists(keys.GetValueOrDefault("security_options"), item => item.Text(), hasDeny: false).Allow,
            AllowedImages = images,
            DeniedImages = deniedImages,
        };
    }

    /// <summary><c>true</c> for any, <c>false</c> for none, or a map with <c>allow</c> and <c>deny</c>.</summary>
    private static (IReadOnlyList<T>? Allow, IReadOnlyList<T> Deny) Lists<T>(PolicyNode? node, Func<PolicyNode, T?> read, bool hasDeny = true)
        where T : class
    {
        if (node is null)
        {
            return (null, []);
        }

        if (!node.IsMap)
        {
            return (node.Flag() ? null : [], []);
        }

        var keys = hasDeny ? node.Map("allow", "deny") : node.Map("allow");
        if (keys.Count == 0)
        {
            node.AddError(hasDeny ? "it says nothing: add allow or deny, or write false for none" : "it says nothing: add allow, or write false for none");
        }

        return (keys.TryGetValue("allow", out var allow) ? Items(allow) : null, keys.TryGetValue("deny", out var deny) ? Items(deny) : []);

        List<T> Items(PolicyNode list) => [.. list.Items().Select(read).OfType<T>()];
    }

    private static PathPattern? Path(PolicyNode item) => item.Text() is not { } text ? null
        : PathPattern.Parse(text)
            ?? Wrong<PathPattern>(item, "it must be an absolute path without '..'; '*' stands for a name or a part of it, and '**', at most twice, for any");

    private static ImagePattern? Image(PolicyNode item) => item.Text() is not { } text ? null
        : ImagePattern.Parse(text) ?? Wrong<ImagePattern>(item, "it must be an image, such as ghcr.io/acme/** or postgres:17");

    private static string? Capability(PolicyNode item)
    {
        if (item.Text() is not { } text)
        {
            return null;
        }

        var name = Capabilities.Normalize(text);
        return name == Capabilities.All || Capabilities.Known.Contains(name) ? name
            : Wrong<string>(item, Suggestion.Unknown("capability", name, [Capabilities.All, .. Capabilities.Known.Order(StringComparer.Ordinal)]));
    }

    private static T? Wrong<T>(PolicyNode item, string problem)
        where T : class
    {
        item.AddError(problem);
        return null;
    }
}
