using System.Text.Json;
using System.Text.Json.Nodes;

namespace DockMon.Agent.Commands.Containers;

/// <summary>What is to be created.</summary>
/// <param name="Name">The container's name; Docker chooses one when null.</param>
/// <param name="Body">Docker's create body.</param>
/// <param name="MoreNetworks">The networks but for the first.</param>
/// <param name="Platform">Which of the image's platforms; the engine chooses when null.</param>
internal sealed record ContainerToCreate(string? Name, JsonObject Body, IReadOnlyList<NetworkToJoin> MoreNetworks, string? Platform)
{
    /// <summary>Has it created in all of its networks, which an engine takes from API 1.44 on.</summary>
    public void JoinAll()
    {
        if (Body["NetworkingConfig"]?["EndpointsConfig"] is not JsonObject endpoints)
        {
            endpoints = new JsonObject { [Body["HostConfig"]!["NetworkMode"]!.GetValue<string>()] = new JsonObject() };
            Body["NetworkingConfig"] = new JsonObject { ["EndpointsConfig"] = endpoints };
        }

        foreach (var network in MoreNetworks)
        {
            endpoints[network.Name] = network.Endpoint;
        }
    }
}

/// <summary>
/// Translates the options of the Docker SDK for Python (<c>docker.models.containers.create</c>) into the engine's create body. An option that is not
/// known is an error that names it: a setting that is silently left out is a container that is not what was asked for.
/// </summary>
internal static class CreateConfig
{
    private delegate void Translate(JsonElement value, JsonObject config, JsonObject host);

    private static readonly Dictionary<string, Translate> Options = new(StringComparer.Ordinal)
    {
        ["image"] = Config("Image", OptionValue.Text),
        ["command"] = Config("Cmd", OptionValue.Command),
        ["entrypoint"] = Config("Entrypoint", OptionValue.Command),
        ["environment"] = Config("Env", value => OptionValue.Pairs(value, "=")),
        ["labels"] = Config("Labels", OptionValue.Labels),
        ["hostname"] = Config("Hostname", OptionValue.Text),
        ["domainname"] = Config("Domainname", OptionValue.Text),
        ["user"] = Config("User", OptionValue.TextOrNumber),
        ["working_dir"] = Config("WorkingDir", OptionValue.Text),
        ["tty"] = Config("Tty", OptionValue.Flag),
        ["stdin_open"] = Config("OpenStdin", OptionValue.Flag),
        ["stop_signal"] = Config("StopSignal", OptionValue.Text),
        ["mac_address"] = Config("MacAddress", OptionValue.Text),
        ["healthcheck"] = Config("Healthcheck", OptionValue.HealthCheck),
        ["ports"] = (value, config, host) => PortOptions.Add(value, config, host),
        ["volumes"] = (value, config, host) => VolumeOptions.Add(value, config, host),
        ["restart_policy"] = Host("RestartPolicy", value => OptionValue.Object(value, ["Name", "MaximumRetryCount"])),
        ["privileged"] = Host("Privileged", OptionValue.Flag),
        ["cap_add"] = Host("CapAdd", OptionValue.Texts),
        ["cap_drop"] = Host("CapDrop", OptionValue.Texts),
        ["devices"] = Host("Devices", OptionValue.Devices),
        ["extra_hosts"] = Host("ExtraHosts", value => OptionValue.Pairs(value, ":")),
        ["mem_limit"] = Host("Memory", OptionValue.Bytes),
        ["memswap_limit"] = Host("MemorySwap", OptionValue.Bytes),
        ["mem_reservation"] = Host("MemoryReservation", OptionValue.Bytes),
        ["shm_size"] = Host("ShmSize", OptionValue.Bytes),
        ["nano_cpus"] = Host("NanoCpus", OptionValue.Number),
        ["cpus"] = Host("NanoCpus", OptionValue.Cpus),
        ["cpu_shares"] = Host("CpuShares", OptionValue.Number),
        ["cpu_period"] = Host("CpuPeriod", OptionValue.Number),
        ["cpu_quota"] = Host("CpuQuota", OptionValue.Number),
        ["cpuset_cpus"] = Host("CpusetCpus", OptionValue.Text),
        ["cpuset_mems"] = Host("CpusetMems", OptionValue.Text),
        ["pids_limit"] = Host("PidsLimit", OptionValue.Number),
        ["oom_score_adj"] = Host("OomScoreAdj", OptionValue.Number),
        ["dns"] = Host("Dns", OptionValue.Texts),
        ["dns_search"] = Host("DnsSearch", OptionValue.Texts),
        ["dns_opt"] = Host("DnsOptions", OptionValue.Texts),
        ["tmpfs"] = Host("Tmpfs", OptionValue.Labels),
        ["sysctls"] = Host("Sysctls", OptionValue.Labels),
        ["security_opt"] = Host("SecurityOpt", OptionValue.Texts),
        ["group_add"] = Host("GroupAdd", OptionValue.Texts),
        ["ulimits"] = Host("Ulimits", OptionValue.Objects),
        ["log_config"] = Host("LogConfig", value => OptionValue.Object(value, ["Type", "Config"])),
        ["read_only"] = Host("ReadonlyRootfs", OptionValue.Flag),
        ["init"] = Host("Init", OptionValue.Flag),
        ["auto_remove"] = Host("AutoRemove", OptionValue.Flag),
        ["publish_all_ports"] = Host("PublishAllPorts", OptionValue.Flag),
        ["network_mode"] = Host("NetworkMode", OptionValue.Text),
        ["pid_mode"] = Host("PidMode", OptionValue.Text),
        ["ipc_mode"] = Host("IpcMode", OptionValue.Text),
        ["uts_mode"] = Host("UTSMode", OptionValue.Text),
        ["userns_mode"] = Host("UsernsMode", OptionValue.Text),
        ["cgroup_parent"] = Host("CgroupParent", OptionValue.Text),
        ["runtime"] = Host("Runtime", OptionValue.Text),
        ["volumes_from"] = Host("VolumesFrom", OptionValue.Texts),
    };

    /// <summary>Options that are no part of the body, and those of the SDK that say how its own call behaves, not what the container is.</summary>
    private static readonly HashSet<string> Elsewhere = new(StringComparer.Ordinal)
    {
        "name",
        "detach",
        "stdout",
        "stderr",
        "remove",
        "network",
        "networks",
        "platform"
    };

    /// <summary>Translates a <c>config</c>. A null value is an option that was not given.</summary>
    /// <exception cref="CommandException">It has an option that is not known, or a value that is none for its option.</exception>
    public static ContainerToCreate Read(JsonElement? given)
    {
        if (given is not { ValueKind: JsonValueKind.Object } options)
        {
            throw new CommandException("failed to create container: config is missing or no object");
        }

        var (config, host) = (new JsonObject(), new JsonObject());
        foreach (var option in options.EnumerateObject().Where(option => option.Value.ValueKind != JsonValueKind.Null))
        {
            if (Options.TryGetValue(option.Name, out var translate))
            {
                try
                {
                    translate(option.Value, config, host);
                }
                catch (FormatException e)
                {
                    throw new CommandException($"failed to create container: option '{option.Name}' in config {e.Message}");
                }
            }
            else if (!Elsewhere.Contains(option.Name))
            {
                throw new CommandException($"failed to create container: unknown option '{option.Name}' in config");
            }
        }

        if (config["Image"] is null)
        {
            throw new CommandException("failed to create container: config has no image");
        }

        config["HostConfig"] = host;
        return new ContainerToCreate(TextOf(options, "name"), config, Join(NetworkOptions.Read(options), config, host), TextOf(options, "platform"));
    }

    /// <summary>Has the container created in the first network.</summary>
    /// <returns>The others.</returns>
    private static IReadOnlyList<NetworkToJoin> Join(IReadOnlyList<NetworkToJoin> networks, JsonObject config, JsonObject host)
    {
        if (networks.Count == 0)
        {
            return [];
        }

        var first = networks[0];
        if (host["NetworkMode"]?.GetValue<string>() is { } mode && mode != first.Name)
        {
            throw new CommandException($"failed to create container: config has the network_mode {mode} and the network {first.Name}: it can have one of them");
        }

        host["NetworkMode"] = first.Name;
        if (first.Endpoint.Count > 0)
        {
            config["NetworkingConfig"] = new JsonObject { ["EndpointsConfig"] = new JsonObject { [first.Name] = first.Endpoint } };
        }

        return [.. networks.Skip(1)];
    }

    private static string? TextOf(JsonElement options, string name) =>
        !options.TryGetProperty(name, out var text) || text.ValueKind == JsonValueKind.Null ? null
        : text.ValueKind == JsonValueKind.String ? text.GetString()
        : throw new CommandException($"failed to create container: option '{name}' in config must be a text");

    private static Translate Config(string name, Func<JsonElement, JsonNode?> read) => (value, config, _) => config[name] = read(value);

    private static Translate Host(string name, Func<JsonElement, JsonNode?> read) => (value, _, host) => host[name] = read(value);
}
