using DockMon.Agent.Configuration;
using DockMon.Agent.Health;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

/// <summary>What every subsystem is created with, whatever it does.</summary>
internal sealed class AgentContext(AgentOptions options, ILoggerFactory loggers, TimeProvider time, Random random)
{
    public AgentOptions Options => options;

    public TimeProvider Time => time;

    public Random Random => random;

    /// <summary>The signs of life of the agent's loops.</summary>
    public AgentLoops Loops { get; } = new(time);

    public ILogger<T> CreateLogger<T>() => loggers.CreateLogger<T>();
}
