using DockMon.Agent.Audit;
using DockMon.Agent.Configuration;
using DockMon.Agent.Health;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Hiding;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

/// <summary>What every subsystem is created with, whatever it does.</summary>
internal sealed class AgentContext(AgentOptions options, ILoggerFactory loggers, TimeProvider time, Random random)
{
    public AgentOptions Options => options;

    public TimeProvider Time => time;

    public Random Random => random;

    /// <summary>What the server may do.</summary>
    public PolicySource Policies { get; init; } = new(HostPolicy.Unrestricted);

    /// <summary>The record of what the server has done.</summary>
    public AuditLog Audit { get; init; } = AuditLog.Off;

    /// <summary>Which containers the server is not told of.</summary>
    public HiddenContainers Hidden { get; init; } = HiddenContainers.None;

    /// <summary>The signs of life of the agent's loops.</summary>
    public AgentLoops Loops { get; } = new(time);

    public ILogger<T> CreateLogger<T>() => loggers.CreateLogger<T>();
}
