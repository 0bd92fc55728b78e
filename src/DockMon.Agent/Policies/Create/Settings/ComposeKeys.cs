namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>Keys of a compose model that by themselves give a container nothing of the host.</summary>
internal static class ComposeKeys
{
    private static readonly HashSet<string> AtTop =
        new(StringComparer.Ordinal) { "name", "version", "services", "networks", "volumes", "configs", "secrets" };

    private static readonly HashSet<string> OfService = new(StringComparer.Ordinal)
    {
        "attach", "blkio_config", "cap_add", "cap_drop", "cgroup_parent", "command", "container_name", "cpu_count", "cpu_percent", "cpu_shares",
        "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpus", "cpuset", "depends_on", "develop", "dns", "dns_opt", "dns_search",
        "domainname", "entrypoint", "environment", "expose", "external_links", "extra_hosts", "group_add", "healthcheck", "hostname", "init", "isolation",
        "labels", "links", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "oom_kill_disable", "oom_score_adj",
        "pids_limit", "platform", "ports", "profiles", "pull_policy", "pull_refresh_after", "read_only", "restart", "scale", "shm_size", "stdin_open",
        "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits", "user", "working_dir",
    };

    /// <summary>Whether a key of the project itself is one.</summary>
    public static bool IsHarmlessAtTop(string key) => AtTop.Contains(key) || IsExtension(key);

    /// <summary>Whether a key of a service is one.</summary>
    public static bool IsHarmless(string key) => OfService.Contains(key) || IsExtension(key);

    private static bool IsExtension(string key) => key.StartsWith("x-", StringComparison.Ordinal);
}
