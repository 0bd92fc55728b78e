using System.Text.Json.Nodes;
using DockMon.Agent.Policies.Create.Paths;

namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>
/// Reads the settings of a container in the engine's own words: a create body, or what inspect shows as <c>Config</c> and <c>HostConfig</c>. Names of members
/// are compared without regard to capitals, as the engine does.
/// </summary>
internal static class EngineSettings
{
    private static readonly HashSet<string> Harmless = new(StringComparer.OrdinalIgnoreCase)
    {
        "ContainerIDFile", "PortBindings", "RestartPolicy", "AutoRemove", "VolumeDriver", "ConsoleSize", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts",
        "GroupAdd", "Links", "OomScoreAdj", "PublishAllPorts", "ReadonlyRootfs", "StorageOpt", "Tmpfs", "ShmSize", "Sysctls", "Isolation", "Init",
        "CpuShares", "Memory", "NanoCpus", "CgroupParent", "BlkioWeight", "BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps",
        "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod", "CpuRealtimeRuntime", "CpusetCpus", "CpusetMems",
        "KernelMemory", "KernelMemoryTCP", "MemoryReservation", "MemorySwap", "MemorySwappiness", "OomKillDisable", "PidsLimit", "Ulimits", "CpuCount",
        "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth", "DiskQuota",
        // Read by themselves.
        "CapAdd", "CapDrop", "MaskedPaths", "ReadonlyPaths",
        // What Podman shows of itself.
        "Cgroups", "CgroupManager", "CgroupMode", "CgroupConf",
    };

    private static readonly Dictionary<string, Action<SettingsBuilder, JsonNode>> Readers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Privileged"] = (settings, _) => settings.Add(DangerKind.Privileged),
        ["NetworkMode"] = (settings, value) => settings.AddNetworkMode(Text(value)),
        ["PidMode"] = (settings, value) => settings.AddNamespace(Text(value), "process", EngineReferenceKind.ProcessNamespace),
        ["IpcMode"] = (settings, value) => settings.AddNamespace(Text(value), "IPC", EngineReferenceKind.IpcNamespace),
        ["UTSMode"] = (settings, value) => settings.AddNamespace(Text(value), "UTS", EngineReferenceKind.NetworkNamespace),
        ["CgroupnsMode"] = (settings, value) => settings.AddNamespace(Text(value), HostFacts.CgroupNamespace, EngineReferenceKind.ProcessNamespace),
        ["Cgroup"] = (settings, value) => settings.AddNamespace(Text(value), HostFacts.CgroupNamespace, EngineReferenceKind.ProcessNamespace),
        ["UsernsMode"] = (settings, value) => settings.AddUserNamespace(Text(value)),
        ["Runtime"] = (settings, value) => settings.AddRuntime(Text(value)),
        ["Binds"] = (settings, value) => Each(value, item => settings.AddBind(Text(item))),
        ["Mounts"] = (settings, value) => Each(value, item => AddMount(settings, item)),
        ["VolumesFrom"] = (settings, value) => Each(value, item => settings.AddMountsOf(Text(item).Split(':')[0])),
        ["Devices"] = (settings, value) => Each(value, item => settings.AddDevice(Text(Member(item, "PathOnHost")))),
        ["DeviceCgroupRules"] = (settings, value) => Each(value, item => settings.Add(DangerKind.Device, $"rule {Text(item)}")),
        ["DeviceRequests"] = (settings, value) => Each(value, item => AddDeviceRequest(settings, item)),
        ["SecurityOpt"] = (settings, value) => Each(value, item => settings.AddSecurityOption(Text(item))),
        ["Annotations"] = (settings, value) => Each(value, item => settings.Add(DangerKind.SecurityOption, "annotation " + Text(item))),
        ["LogConfig"] = (settings, value) => settings.AddLogOptions(Map(Member(value, "Config"))),
    };

    // What Docker 20.10 masks; later ones mask more, which is no less.
    private static readonly string[] Masked =
        ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"];

    private static readonly string[] ReadOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <param name="body">The create body.</param>
    /// <param name="subject">What a refusal calls the container.</param>
    /// <param name="networks">The networks that it is connected to after it was created.</param>
    public static EffectiveSettings Read(JsonObject body, string subject, params IEnumerable<string> networks)
    {
        var settings = new SettingsBuilder(subject);
        if (Text(Member(body, "Image")) is { Length: > 0 } image)
        {
            settings.AddImage(image);
        }

        var host = Member(body, "HostConfig") as JsonObject ?? [];
        settings.AddCapabilities(Texts(Member(host, "CapAdd")), Texts(Member(host, "CapDrop")));
        AddSystemPaths(settings, host);
        foreach (var (name, value) in host.Where(member => !IsEmpty(member.Value)))
        {
            if (Readers.TryGetValue(name, out var read))
            {
                read(settings, value!);
            }
            else if (!Harmless.Contains(name))
            {
                settings.Add(DangerKind.Unknown, name);
            }
        }

        var endpoints = Member(Member(body, "NetworkingConfig"), "EndpointsConfig") as JsonObject ?? [];
        foreach (var network in endpoints.Select(endpoint => endpoint.Key).Concat(networks))
        {
            settings.AddNetwork(network);
        }

        return settings.Build();
    }

    /// <summary>Lists that replace those by which an engine hides and protects what is the kernel's.</summary>
    private static void AddSystemPaths(SettingsBuilder settings, JsonObject host)
    {
        foreach (var (name, least) in new[] { ("MaskedPaths", Masked), ("ReadonlyPaths", ReadOnly) })
        {
            if (Member(host, name) is JsonArray given && least.Except(Texts(given)).Any())
            {
                settings.Add(DangerKind.SecurityOption, name + " that lacks some of the default");
            }
        }
    }

    private static void AddMount(SettingsBuilder settings, JsonNode? mount)
    {
        var (type, source) = (Text(Member(mount, "Type")), Text(Member(mount, "Source")));
        switch (type)
        {
            case "bind":
                settings.AddPath(source, isReadOnly: Text(Member(mount, "ReadOnly")) == "true");
                break;
            case "volume" or "":
                settings.AddMountSource(source);
                var driver = Member(Member(mount, "VolumeOptions"), "DriverConfig");
                var volume = source.Length > 0 ? $"volume {source}" : "a volume without a name";
                settings.AddVolumeOptions(Text(Member(driver, "Name")), Map(Member(driver, "Options")), volume);
                break;
            case "image":
                settings.AddImage(source);
                break;
            case "tmpfs":
                break;
            default:
                settings.Add(DangerKind.Unknown, $"mount of type {type}");
                break;
        }
    }

    private static void AddDeviceRequest(SettingsBuilder settings, JsonNode? request)
    {
        if (Text(Member(request, "Driver")) == "cdi")
        {
            Each(Member(request, "DeviceIDs"), id => settings.Add(DangerKind.Device, Text(id)));
            return;
        }

        settings.Add(DangerKind.Device, SettingsBuilder.Gpu);
    }

    private static bool IsEmpty(JsonNode? value) => value switch
    {
        null => true,
        JsonArray list => list.Count == 0,
        JsonObject map => map.Count == 0,
        _ => value.ToJsonString() is "false" or "0" or "\"\"",
    };

    private static JsonNode? Member(JsonNode? node, string name) =>
        node is JsonObject map ? map.FirstOrDefault(member => member.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value : null;

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node?.ToJsonString() ?? "";

    private static IEnumerable<string> Texts(JsonNode? node) => (node as JsonArray ?? []).Select(Text);

    private static Dictionary<string, string> Map(JsonNode? node) =>
        (node as JsonObject ?? []).ToDictionary(member => member.Key, member => Text(member.Value), StringComparer.Ordinal);

    /// <summary>The items of a list, or the names of a map; what is neither counts as one item, so that it is not overlooked.</summary>
    private static void Each(JsonNode? node, Action<JsonNode?> add)
    {
        var items = node switch
        {
            JsonArray list => list.AsEnumerable(),
            JsonObject map => map.Select(member => (JsonNode?)member.Key),
            _ => [node],
        };
        foreach (var item in items)
        {
            add(item);
        }
    }
}
