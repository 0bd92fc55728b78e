using DockMon.Agent.Connection;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.Streams.Backfill;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Agent.Streams.Stats;
using DockMon.Agent.Streams.Stats.Kernel;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Streams;

/// <summary>The figures of the host and its containers, and the second socket that they may leave by.</summary>
internal sealed class Sampling : IDisposable
{
    private readonly HostRegistration _registration;
    private readonly StatsLink _link;
    private readonly KernelSource _kernel = new();
    private readonly HostSampler _host;
    private readonly Backfiller _backfill;
    private readonly SamplingLoop _loop;

    // Seven parameters: it stands between all that figures are taken from and all that they are sent by.
    public Sampling(
        AgentContext context,
        EngineClient engine,
        ContainerTracker tracker,
        HostRegistration registration,
        Dialer dialer,
        ConnectionState connection,
        Outbound outbound)
    {
        var (options, time) = (context.Options, context.Time);
        _registration = registration;
        _link = new StatsLink(options, dialer, context.Random, time, context.CreateLogger<StatsLink>());
        _backfill = new Backfiller(context, connection, outbound);
        _host = new HostSampler(connection, outbound, context.Policies, time, context.CreateLogger<HostSampler>()) { Backfill = _backfill };
        var sender = new SampleSender(context, outbound, _link, connection) { Backfill = _backfill };
        var containers = new StatsSampler(context, engine, tracker, _kernel, registration.Own, sender);
        _loop = new SamplingLoop(options.StatsInterval > TimeSpan.Zero ? containers : null, _host, context.Loops.Timer, time);
        connection.Connected += OnConnected;
        connection.Disconnected += _loop.Wake;
        registration.Own.Found += OnSightChanged;
        _link.Opened += _loop.Wake;
        context.Policies.Changed += _loop.Wake;
    }

    /// <summary>Begins with its loops, which end when <paramref name="ct"/> fires.</summary>
    public IEnumerable<Task> Start(CancellationToken ct) => [_link.RunAsync(ct), _loop.RunAsync(ct), _backfill.RunAsync(ct)];

    public void Dispose() => _kernel.Dispose();

    private void OnConnected(AuthSuccess auth)
    {
        _link.UseToken(auth.PermanentToken);
        _host.IsExtended = auth.Uses(ExtensionNames.ExtendedHostStats);
        OnSightChanged();
    }

    private void OnSightChanged()
    {
        _host.Sight = _registration.Sight;
        _loop.Wake();
    }
}
