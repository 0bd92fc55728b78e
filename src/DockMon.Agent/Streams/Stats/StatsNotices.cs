using DockMon.Agent.Configuration;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Stats;

/// <summary>Says where figures come from and why, each thing once.</summary>
internal sealed class StatsNotices(AgentOptions options, ILogger logger)
{
    private bool _saidSource;

    /// <summary>Whether it was said that the kernel does not show some container.</summary>
    public bool SaidUnreachable { get; private set; }

    public void UsesKernel()
    {
        if (!_saidSource)
        {
            Log.FromKernel(logger);
        }

        _saidSource = true;
    }

    public void UsesEngine()
    {
        if (!_saidSource)
        {
            Log.FromEngine(logger);
        }

        _saidSource = true;
    }

    /// <summary>The kernel does not show a container.</summary>
    /// <returns>Whether the engine may be asked instead.</returns>
    public bool Unreachable(string reason)
    {
        var mayAsk = options.StatsSource != StatsOrigin.Kernel;
        if (!SaidUnreachable && mayAsk)
        {
            Log.KernelUnreachable(logger, reason, Remedy());
        }
        else if (!SaidUnreachable)
        {
            Log.NoStatistics(logger, reason, Remedy());
        }

        SaidUnreachable = true;
        return mayAsk;
    }

    private string Remedy() =>
        options.DockerHost?.StartsWith("tcp:", StringComparison.Ordinal) == true
            ? "The kernel of another machine cannot be read: for its own figures, the agent must run on that machine"
            : "In a container, the agent needs the host's files for that: -v /proc:/host/proc:ro -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro";
}
