using DockMon.Agent.Audit;
using DockMon.Agent.Configuration;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Policies.Reading;
using DockMon.Agent.Tests.Hosting;
using DockMon.Engine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Agent.Tests.Policies;

/// <summary>Gates for tests of what is behind them.</summary>
internal static class Gates
{
    /// <summary>An engine that is not there.</summary>
    public static EngineClient NoEngine { get; } = new(EngineEndpoint.FromEnvironment("unix:///nowhere.sock", null, null), TimeProvider.System);

    /// <summary>No policy.</summary>
    public static PolicySource NoPolicy => new(HostPolicy.Unrestricted);

    /// <summary>Records nothing.</summary>
    public static RequestAudit NoAudit { get; } = new(AuditLog.Off, NoEngine);

    /// <summary>Allows everything and asks no engine.</summary>
    public static RequestGate Open { get; } = Of(NoPolicy, NoEngine);

    /// <summary>Allows every container and asks no engine.</summary>
    public static CreateGate OpenForCreates { get; } = CreateGate(HostPolicy.Unrestricted, NoEngine);

    /// <summary>Judges what is created by a policy, on the host of an engine.</summary>
    public static CreateGate CreateGate(HostPolicy policy, EngineClient engine, ILoggerFactory? loggers = null) =>
        new(Context(new PolicySource(policy), loggers: loggers), engine, TestOwnContainers.None);

    /// <summary>What subsystems are created with, under a policy.</summary>
    public static AgentContext Context(
        PolicySource policies,
        HiddenContainers? hidden = null,
        ILoggerFactory? loggers = null,
        TimeProvider? time = null,
        AuditLog? audit = null) => new(
        new AgentOptions { ServerUrl = new Uri("ws://h"), DataPath = "/data" },
        loggers ?? NullLoggerFactory.Instance,
        time ?? TimeProvider.System,
        new Random(1))
    {
        Policies = policies,
        Hidden = hidden ?? HiddenContainers.None,
        Audit = audit ?? AuditLog.Off,
    };

    /// <summary>A gate on an engine, and the policy that a test puts in force.</summary>
    public static RequestGate Of(
        PolicySource policies, EngineClient engine, ILoggerFactory? log = null, TimeProvider? time = null, AuditLog? audit = null) =>
        new(Context(policies, loggers: log, time: time, audit: audit), new ContainerFactsReader(engine), NoAudit);

    /// <summary>The policy of a text.</summary>
    public static HostPolicy Policy(string text)
    {
        var (policy, errors) = PolicyReader.Read(text, "test");
        return policy ?? throw new ArgumentException(string.Join('\n', errors), nameof(text));
    }
}
