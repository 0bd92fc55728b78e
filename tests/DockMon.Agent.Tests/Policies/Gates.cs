using DockMon.Agent.Policies;
using DockMon.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Agent.Tests.Policies;

/// <summary>Gates for tests of what is behind them.</summary>
internal static class Gates
{
    /// <summary>No policy.</summary>
    public static PolicySource NoPolicy => new(HostPolicy.Unrestricted);

    /// <summary>Allows everything and asks no engine.</summary>
    public static RequestGate Open { get; } = new(
        new PolicySource(HostPolicy.Unrestricted),
        new ContainerFactsReader(new EngineClient(EngineEndpoint.FromEnvironment("unix:///nowhere.sock", null, null), TimeProvider.System)),
        NullLogger<RequestGate>.Instance);
}
