using DockMon.Protocol;

namespace DockMon.Agent.Hosting;

/// <summary>Keeps an odd value of one host (a size over every limit, say) from costing it the registration.</summary>
internal static class RegisterRepair
{
    /// <summary>The request without those optional values that break a rule. A required one that does is left for the caller to find.</summary>
    public static RegisterRequest WithoutRefused(RegisterRequest request)
    {
        while (RegisterValidation.FindError(request) is { } error)
        {
            // Each error begins with the field's name.
            if (Without(request, error[..error.IndexOf(' ', StringComparison.Ordinal)]) is not { } rest)
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
