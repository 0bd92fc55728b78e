using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Yaml;
using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>Reads what the build of a service's image may have of the host.</summary>
/// <param name="settings">The settings of the service.</param>
/// <param name="addFile">Adds a secret of the project.</param>
internal sealed class ComposeBuildSettings(SettingsBuilder settings, Action<string, YamlNode> addFile)
{
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "args", "dockerfile_inline", "extra_hosts", "isolation", "labels", "no_cache", "no_cache_filter", "platforms", "provenance", "pull", "sbom",
        "shm_size", "tags", "target", "ulimits",
    };

    public void Read(YamlNode build)
    {
        settings.Add(DangerKind.Build);
        if (build is YamlScalarNode)
        {
            AddSource(ComposeSettings.Text(build), "build");
            return;
        }

        var context = ComposeSettings.Text(build.Child("context"));
        foreach (var (key, value) in build.Entries())
        {
            Read(key, value, context);
        }
    }

    private void Read(string key, YamlNode value, string context)
    {
        switch (key)
        {
            case "context":
                AddSource(context, "build.context");
                break;
            case "dockerfile" when !IsRemote(context):
                AddSource(Path.Combine(context, ComposeSettings.Text(value)), "build.dockerfile");
                break;
            case "dockerfile":
                break;
            case "additional_contexts":
                ComposeSettings.Each(value, (_, item) => AddSource(ValueOf(value is YamlMappingNode, ComposeSettings.Text(item)), "build.additional_contexts"));
                break;
            case "cache_from" or "cache_to":
                ComposeSettings.Each(value, (_, cache) => AddCache(ComposeSettings.Text(cache), $"build.{key}"));
                break;
            case "network":
                settings.AddNetworkMode(ComposeSettings.Text(value));
                break;
            case "privileged":
                ComposeSettings.AddPrivileged(settings, value, "build");
                break;
            case "entitlements":
                ComposeSettings.Each(value, (_, entitlement) => AddEntitlement(ComposeSettings.Text(entitlement)));
                break;
            case "secrets":
                ComposeSettings.Each(value, (_, secret) => addFile("secrets", secret));
                break;
            case "ssh":
                ComposeSettings.Each(value, (name, agent) => AddSsh(name, ComposeSettings.Text(agent)));
                break;
            default:
                if (!Harmless.Contains(key))
                {
                    settings.Add(DangerKind.Unknown, $"build.{key}");
                }

                break;
        }
    }

    // NAME=VALUE in a list.
    private static string ValueOf(bool isMap, string item) => isMap ? item : item[(item.IndexOf('=', StringComparison.Ordinal) + 1)..];

    private void AddSource(string source, string via)
    {
        const string Layout = "oci-layout://";
        if (source.StartsWith(Layout, StringComparison.Ordinal))
        {
            settings.Add(DangerKind.HostFile, HostPaths.Clean(source[Layout.Length..]), via);
        }
        else if (source.Length > 0 && !IsRemote(source))
        {
            settings.Add(DangerKind.HostFile, HostPaths.Clean(source), via);
        }
    }

    private static bool IsRemote(string source) =>
        !source.StartsWith('/') && (source.Contains(':', StringComparison.Ordinal) || source.StartsWith("github.com/", StringComparison.Ordinal));

    // type=local,src=/cache
    private void AddCache(string cache, string via)
    {
        foreach (var path in cache.Split(',').Select(option => ValueOf(isMap: false, option)).Where(path => path.StartsWith('/')))
        {
            settings.Add(DangerKind.HostFile, HostPaths.Clean(path), via);
        }
    }

    private void AddEntitlement(string entitlement)
    {
        switch (entitlement)
        {
            case "network.host":
                settings.Add(DangerKind.HostNamespace, "network", "build");
                break;
            case "security.insecure":
                settings.Add(DangerKind.Privileged, via: "build");
                break;
            default:
                settings.Add(DangerKind.Unknown, $"build.entitlements {entitlement}");
                break;
        }
    }

    // default, or NAME=/path of a key or an agent's socket.
    private void AddSsh(string name, string key)
    {
        var path = key[(key.IndexOf('=', StringComparison.Ordinal) + 1)..];
        if (path.StartsWith('/'))
        {
            settings.Add(DangerKind.HostFile, HostPaths.Clean(path), "build.ssh");
        }
        else if (name != "default")
        {
            settings.Add(DangerKind.Unknown, $"build.ssh {name}");
        }
    }
}
