using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Commands;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;

namespace DockMon.Agent.Update;

/// <summary>The updates of containers.</summary>
[SuppressMessage(
    "Design",
        "CA1001:Types that own disposable fields should be disposable",
        Justification = "An update that is left to the next start needs the queue to the end.")]
internal sealed class Updates
{
    private readonly UpdateQueue _queue;
    private readonly UpdateCommand _command;

    public Updates(AgentContext context, EngineClient engine, OwnContainer own, RequestGate gate, CreateGate createGate, Lanes lanes, Outbound outbound)
    {
        var time = context.Time;
        var store = new UpdateStore(context.Options.DataPath, time, context.CreateLogger<UpdateStore>());
        var report = new UpdateReporter(outbound, context.Audit, time);
        var restarts = new RestartDetector(engine, () => Machine.Current.BootId);
        var updater = new ContainerUpdater(context, engine, store, report, lanes, restarts);
        _queue = new UpdateQueue(updater, store, report, lanes, time, context.CreateLogger<UpdateQueue>());
        _command = new UpdateCommand(context, engine, updater, _queue, report, own, gate, createGate);
    }

    public void AddTo(Routes routes) => _command.AddTo(routes);

    /// <inheritdoc cref="UpdateQueue.Recover"/>
    public void Recover() => _queue.Recover();

    /// <inheritdoc cref="UpdateQueue.IsRunning"/>
    public bool IsRunning(string? containerId) => _queue.IsRunning(containerId);

    /// <inheritdoc cref="UpdateQueue.Stop"/>
    public void Stop() => _queue.Stop();

    /// <inheritdoc cref="UpdateQueue.WhenEndedAsync"/>
    public Task WhenEndedAsync(TimeSpan limit) => _queue.WhenEndedAsync(limit);
}
