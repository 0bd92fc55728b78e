using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Delivery;
using DockMon.Engine;

namespace DockMon.Agent.Streams.Events;

/// <summary>What happens to containers, from Docker's events to the server's.</summary>
internal sealed class ContainerEvents
{
    private readonly KnownContainerStore _known;
    private readonly EventStream _stream;

    public ContainerEvents(AgentContext context, EngineClient engine, Outbound outbound, ContainerListing listing)
    {
        var reporter = new EventReporter(Tracker, context.Policies, context.Hidden, outbound, context.Time);
        _known = new KnownContainerStore(context.Options.DataPath, Tracker, context.Time, context.CreateLogger<KnownContainerStore>());
        var comparison = new EventComparison(context, engine, Tracker, reporter, _known);
        _stream = new EventStream(context, engine, comparison, reporter, _known, listing);
    }

    /// <summary>The containers that run.</summary>
    public ContainerTracker Tracker { get; } = new();

    /// <summary>Begins with its loops, which end when <paramref name="ct"/> fires.</summary>
    public IEnumerable<Task> Start(CancellationToken ct) => [_stream.RunAsync(ct), _known.RunAsync(ct)];
}
