using DockMon.Agent.Configuration;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Stats;

/// <summary>Logs where statistics come from, and why. Each message is logged once.</summary>
internal sealed partial class StatsNotices(AgentOptions options, ILogger logger)
{
    private bool _saidSource;

    /// <summary>Whether the log has that the kernel does not show some container.</summary>
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

    private static partial class Log
    {
        [LoggerMessage(310, LogLevel.Information, "Container statistics come from the kernel")]
        public static partial void FromKernel(ILogger logger);

        [LoggerMessage(311, LogLevel.Information, "Container statistics come from the engine, as STATS_SOURCE says")]
        public static partial void FromEngine(ILogger logger);

        [LoggerMessage(312, LogLevel.Warning, "Statistics of some containers come from the engine, which costs it work: {Reason}. {Remedy}")]
        public static partial void KernelUnreachable(ILogger logger, string reason, string remedy);

        [LoggerMessage(313, LogLevel.Error, "No statistics of some containers: STATS_SOURCE is kernel, and {Reason}. {Remedy}")]
        public static partial void NoStatistics(ILogger logger, string reason, string remedy);
    }
}
