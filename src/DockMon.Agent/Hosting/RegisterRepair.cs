using DockMon.Protocol;

namespace DockMon.Agent.Hosting;

/// <summary>Keeps an unusual value of a host (a size over every limit, say) from making its registration fail.</summary>
internal static class RegisterRepair
{
    /// <summary>The request without the optional values that break a rule. A required value that breaks one is left for the caller to find.</summary>
    public static RegisterRequest WithoutRefused(RegisterRequest request)
    {
        while (RegisterValidation.Find(request) is { } error)
        {
            if (Without(request, error.Field) is not { } rest)
            {
                return request;
            }

            request = rest;
        }

        return request;
    }

    private static RegisterRequest? Without(RegisterRequest request, string field) => field switch
    {
        "agent_os" => request with { AgentOs = null },
        "agent_arch" => request with { AgentArch = null },
        "os_type" => request with { OsType = null },
        "os_version" => request with { OsVersion = null },
        "kernel_version" => request with { KernelVersion = null },
        "docker_version" => request with { DockerVersion = null },
        "daemon_started_at" => request with { DaemonStartedAt = null },
        "total_memory" => request with { TotalMemory = null },
        "num_cpus" => request with { NumCpus = null },
        "host_ips" => request with { HostIps = null },
        "host_ip" => request with { HostIp = null },
        _ => null,
    };
}
