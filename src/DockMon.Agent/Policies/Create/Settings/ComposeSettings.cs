using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Yaml;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>
/// Reads the settings of the services of a compose model: of what compose made of a project's files, in which every variable, anchor and reference to
/// another file is replaced by what it stands for.
/// </summary>
internal sealed class ComposeSettings
{
    private delegate void Reader(ComposeSettings model, SettingsBuilder settings, YamlNode value);

    private static readonly Dictionary<string, Reader> Readers = new(StringComparer.Ordinal)
    {
        ["image"] = (_, settings, value) => settings.AddImage(Text(value)),
        ["privileged"] = (_, settings, value) => AddPrivileged(settings, value, via: null),
        ["network_mode"] = (_, settings, value) => Mode(value, settings.AddNetworkMode),
        ["pid"] = (_, settings, value) => Mode(value, mode => settings.AddNamespace(mode, "process", EngineReferenceKind.ProcessNamespace)),
        ["ipc"] = (_, settings, value) => Mode(value, mode => settings.AddNamespace(mode, "IPC", EngineReferenceKind.IpcNamespace)),
        ["uts"] = (_, settings, value) => Mode(value, mode => settings.AddNamespace(mode, "UTS", EngineReferenceKind.NetworkNamespace)),
        ["cgroup"] = (_, settings, value) => Mode(value, mode => settings.AddNamespace(mode, HostFacts.CgroupNamespace, EngineReferenceKind.ProcessNamespace)),
        ["userns_mode"] = (_, settings, value) => Mode(value, settings.AddUserNamespace),
        ["networks"] = (model, settings, value) => Each(value, (name, _) => model.AddNetwork(settings, name)),
        ["volumes"] = (model, settings, value) => Each(value, (_, volume) => model.AddVolume(settings, volume)),
        ["volumes_from"] = (_, settings, value) => Each(value, (_, from) => AddVolumesFrom(settings, Text(from))),
        ["configs"] = (model, settings, value) => Each(value, (_, item) => model.AddFile(settings, "configs", item)),
        ["secrets"] = (model, settings, value) => Each(value, (_, item) => model.AddFile(settings, "secrets", item)),
        ["devices"] = (_, settings, value) => Each(value, (_, device) => settings.AddDevice(Text(device.Child("source") ?? device).Split(':')[0])),
        ["device_cgroup_rules"] = (_, settings, value) => Each(value, (_, rule) => settings.Add(DangerKind.Device, $"rule {Text(rule)}")),
        ["gpus"] = (_, settings, value) => AddDeviceRequests(settings, value),
        ["deploy"] = (_, settings, value) => AddDeviceRequests(settings, value.Child("resources").Child("reservations").Child("devices")),
        ["security_opt"] = (_, settings, value) => Each(value, (_, option) => settings.AddSecurityOption(Text(option))),
        ["runtime"] = (_, settings, value) => settings.AddRuntime(Text(value)),
        ["annotations"] = (_, settings, value) => Each(value, (name, _) => settings.Add(DangerKind.SecurityOption, $"annotation {name}")),
        ["credential_spec"] = (_, settings, _) => settings.Add(DangerKind.SecurityOption, "credential_spec"),
        ["logging"] = (_, settings, value) => settings.AddLogOptions(Map(value.Child("options"))),
        ["use_api_socket"] = (_, settings, value) => AddIf(value, () => settings.AddPath("/var/run/docker.sock", "use_api_socket")),
        ["build"] = (model, settings, value) => new ComposeBuildSettings(settings, (kind, item) => model.AddFile(settings, kind, item)).Read(value),
        // What compose has resolved is not there any more; what is, it would read when it starts the service.
        ["env_file"] = (_, settings, value) => AddHostFiles(settings, value, "env_file"),
        ["label_file"] = (_, settings, value) => AddHostFiles(settings, value, "label_file"),
        ["extends"] = (_, settings, value) => AddHostFiles(settings, value.Child("file"), "extends"),
    };

    // What compose runs when a service starts or ends: of a project that is taken down nothing else counts.
    private static readonly Dictionary<string, Reader> Programs = new(StringComparer.Ordinal)
    {
        ["post_start"] = (_, settings, value) => AddHooks(settings, value, "post_start"),
        ["pre_stop"] = (_, settings, value) => AddHooks(settings, value, "pre_stop"),
        ["provider"] = (_, settings, value) => settings.Add(DangerKind.HostProgram, $"the provider {Text(value.Child("type"))}"),
        ["models"] = (_, settings, _) => settings.Add(DangerKind.HostProgram, "docker model"),
    };

    private readonly YamlNode _root;
    private readonly string _project;

    private ComposeSettings(YamlNode root, string project) => (_root, _project) = (root, project);

    /// <param name="model">The model, as <c>compose config</c> writes it.</param>
    /// <param name="project">The project's name.</param>
    /// <param name="programsOnly">Whether only what compose runs by itself counts.</param>
    /// <returns>The settings of every service, on or off, and of the project itself.</returns>
    public static IEnumerable<EffectiveSettings> Read(string model, string project, bool programsOnly = false)
    {
        try
        {
            if (SafeYaml.Load(model) is [{ RootNode: YamlMappingNode root }])
            {
                return new ComposeSettings(root, project).Read(programsOnly);
            }
        }
        catch (YamlException)
        {
            // As what has no services: nobody can tell what it starts.
        }

        var unreadable = new SettingsBuilder($"project {project}");
        unreadable.Add(DangerKind.Unknown, "(a model that cannot be read)");
        return [unreadable.Build()];
    }

    /// <summary>The volumes that are removed with a project; null for a model that cannot be read.</summary>
    /// <inheritdoc cref="Read(string, string, bool)"/>
    public static IReadOnlyList<string>? ReadOwnVolumes(string model, string project) => SafeYaml.Read(model) is not YamlMappingNode root ? null :
    [
        .. root.Child("volumes").Entries().Where(volume => Text(volume.Value.Child("external")) is "" or "false")
            .Select(volume => new ComposeSettings(root, project).NameOf(volume.Value, volume.Key)),
    ];

    private IEnumerable<EffectiveSettings> Read(bool programsOnly)
    {
        var whole = new SettingsBuilder($"project {_project}");
        foreach (var (key, _) in _root.Entries().Where(entry => !programsOnly && !ComposeKeys.IsHarmlessAtTop(entry.Key)))
        {
            whole.Add(key == "models" ? DangerKind.HostProgram : DangerKind.Unknown, key == "models" ? "docker model" : key);
        }

        yield return whole.Build();
        foreach (var (name, service) in _root.Child("services").Entries())
        {
            yield return ReadService(new SettingsBuilder($"service {name}"), service, programsOnly);
        }
    }

    private EffectiveSettings ReadService(SettingsBuilder settings, YamlNode service, bool programsOnly)
    {
        foreach (var (key, value) in service.Entries().Where(entry => !IsEmpty(entry.Value)))
        {
            if (Programs.TryGetValue(key, out var read) || (!programsOnly && Readers.TryGetValue(key, out read)))
            {
                read(this, settings, value);
            }
            else if (!programsOnly && !ComposeKeys.IsHarmless(key))
            {
                settings.Add(DangerKind.Unknown, key);
            }
        }

        if (!programsOnly)
        {
            settings.AddCapabilities(Texts(service.Child("cap_add")), Texts(service.Child("cap_drop")));
            AddVariables(settings, service);
        }

        return settings.Build();
    }

    /// <summary>A model has no variables any more: one that compose would still replace would make something else of what was judged.</summary>
    private static void AddVariables(SettingsBuilder settings, YamlNode service)
    {
        foreach (var value in service.AllNodes().OfType<YamlScalarNode>().Select(node => node.Value ?? ""))
        {
            if (value.Replace("$$", "", StringComparison.Ordinal).Contains('$', StringComparison.Ordinal))
            {
                settings.Add(DangerKind.Unknown, "(a variable that compose has not replaced)");
            }
        }
    }

    private void AddNetwork(SettingsBuilder settings, string name)
    {
        var network = _root.Child("networks").Child(name);
        if (Text(network.Child("driver")) == "host")
        {
            settings.Add(DangerKind.HostNamespace, "network", $"network {name}");
        }

        settings.AddNetwork(NameOf(network, name));
    }

    private void AddVolume(SettingsBuilder settings, YamlNode volume)
    {
        if (volume is YamlScalarNode)
        {
            // As version 1 of compose writes it.
            if (Text(volume).Split(':') is [var path, _, ..])
            {
                AddVolumeSource(settings, path, SettingsBuilder.IsReadOnly(Text(volume)));
            }

            return;
        }

        var source = Text(volume.Child("source"));
        switch (Text(volume.Child("type")))
        {
            case "bind":
                settings.AddPath(source, isReadOnly: Text(volume.Child("read_only")) == "true");
                break;
            case "volume":
                AddVolumeSource(settings, source, isReadOnly: false);
                break;
            case "image":
                settings.AddImage(source);
                break;
            case "tmpfs":
                break;
            case var type:
                settings.Add(DangerKind.Unknown, $"volume of type {type}");
                break;
        }
    }

    private void AddVolumeSource(SettingsBuilder settings, string source, bool isReadOnly)
    {
        if (_root.Child("volumes").Child(source) is not { } volume)
        {
            settings.AddMountSource(source, isReadOnly);
            return;
        }

        settings.AddVolumeOptions(Text(volume.Child("driver")), Map(volume.Child("driver_opts")), $"volume {source}");
        settings.AddMountSource(NameOf(volume, source)); // One that is there already is not made again as it says here.
    }

    private void AddFile(SettingsBuilder settings, string kind, YamlNode item)
    {
        var name = Text(item.Child("source") ?? item);
        if (Text(_root.Child(kind).Child(name).Child("file")) is { Length: > 0 } file)
        {
            settings.AddPath(file, $"{kind[..^1]} {name}", isReadOnly: true);
        }
    }

    private string NameOf(YamlNode? definition, string key) => definition.Child("name") is { } name ? Text(name)
        : definition.Child("external") is { } external && Text(external) != "false" ? Text(external.Child("name")) is { Length: > 0 } other ? other : key
        : $"{_project}_{key}";

    private static void AddVolumesFrom(SettingsBuilder settings, string from)
    {
        // Another service is judged by itself.
        if (from.Split(':') is ["container", var container, ..])
        {
            settings.AddMountsOf(container);
        }
    }

    private static void AddHooks(SettingsBuilder settings, YamlNode hooks, string name) =>
        Each(hooks, (_, hook) => AddPrivileged(settings, hook.Child("privileged"), name));

    internal static void AddPrivileged(SettingsBuilder settings, YamlNode? value, string? via) =>
        AddIf(value, () => settings.Add(DangerKind.Privileged, via: via));

    private static void AddDeviceRequests(SettingsBuilder settings, YamlNode? requests) => Each(requests, (_, request) =>
    {
        if (Text(request.Child("driver")) == "cdi")
        {
            Each(request.Child("device_ids"), (_, id) => settings.AddDevice(Text(id)));
        }
        else
        {
            settings.AddDevice(SettingsBuilder.Gpu);
        }
    });

    private static void AddHostFiles(SettingsBuilder settings, YamlNode? files, string via)
    {
        foreach (var path in files.Items().Select(file => Text(file.Child("path") ?? file)).Where(path => path.Length > 0))
        {
            settings.Add(DangerKind.HostFile, HostPaths.Clean(path), via);
        }
    }

    private static void AddIf(YamlNode? flag, Action add)
    {
        if (flag is not null && Text(flag) is not ("false" or ""))
        {
            add();
        }
    }

    private static void Mode(YamlNode value, Action<string> add)
    {
        // Another service is judged by itself.
        if (Text(value) is var mode && !mode.StartsWith("service:", StringComparison.Ordinal))
        {
            add(mode);
        }
    }

    /// <summary>The items of a list by themselves, or the entries of a map with their keys; a list of names has keys, too.</summary>
    internal static void Each(YamlNode? node, Action<string, YamlNode> add)
    {
        foreach (var (key, value) in node is YamlMappingNode ? node.Entries() : node.Items().Select(item => (Text(item), item)))
        {
            add(key, value);
        }
    }

    internal static string Text(YamlNode? node) => (node.Text() ?? "").Replace("$$", "$", StringComparison.Ordinal);

    private static IEnumerable<string> Texts(YamlNode? node) => node.Items().Select(Text);

    private static Dictionary<string, string> Map(YamlNode? node) =>
        node.Entries().ToDictionary(entry => entry.Key, entry => Text(entry.Value), StringComparer.Ordinal);

    private static bool IsEmpty(YamlNode value) => value switch
    {
        YamlScalarNode scalar => scalar.Value is null or "" or "null" or "~",
        YamlSequenceNode list => list.Children.Count == 0,
        YamlMappingNode map => map.Children.Count == 0,
        _ => false,
    };
}
