using System.Runtime.InteropServices;
using DockMon.Agent.Configuration;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Policies.Reading;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies;

/// <summary>The policy of this host: found at the start, and read again on SIGHUP.</summary>
internal sealed class PolicySystem : IDisposable
{
    private readonly PolicyReload _reload;
    private readonly PosixSignalRegistration _hangup;

    public PolicySystem(AgentOptions options, EngineClient engine, ILoggerFactory loggers, TimeProvider time)
    {
        var loader = new PolicyLoader(options);
        Source = new PolicySource(loader.Load(before: null));
        Facts = new ContainerFactsReader(engine);
        Hidden = new HiddenContainers(
            Source, (id, ct) => Facts.ReadAsync(id, ct, HiddenContainers.InspectLimit), time, loggers.CreateLogger<HiddenContainers>());
        _reload = new PolicyReload(loader, Source, loggers.CreateLogger<PolicyReload>());
        _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true; // It is no end, with or without a policy.
            _reload.Request();
        });
    }

    /// <summary>What is in force.</summary>
    public PolicySource Source { get; }

    /// <summary>What it goes by of a container.</summary>
    public ContainerFactsReader Facts { get; }

    /// <summary>The containers that it hides.</summary>
    public HiddenContainers Hidden { get; }

    /// <inheritdoc cref="PolicyReload.RunAsync"/>
    public Task RunAsync(Func<HostPolicy, CancellationToken, Task> apply, CancellationToken ct) => _reload.RunAsync(apply, ct);

    public void Dispose() => _hangup.Dispose();
}
