using DockMon.Engine;
using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>The engine's container events since it was made, with the engine's own times.</summary>
internal sealed class ContainerEvents : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<EngineEvent> _events = [];
    private readonly CancellationTokenSource _stop;
    private readonly Task _reading;

    private ContainerEvents(EngineClient engine, TaskCompletionSource connected, CancellationToken ct)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _reading = ReadAsync(engine, connected);
    }

    public static async Task<ContainerEvents> WatchAsync(EngineClient engine, CancellationToken ct)
    {
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var events = new ContainerEvents(engine, connected, ct);
        await await Task.WhenAny(connected.Task, events._reading);
        return events;
    }

    /// <summary>Nanoseconds from the last event of one container to the first one of another (or the same) after it.</summary>
    public async Task<long> BetweenAsync(string from, string fromAction, string to, string toAction, CancellationToken ct)
    {
        long? between = null;
        await Retry.UntilAsync(
            $"the engine tells of {fromAction} and {toAction}",
            () => (between = Between(from, fromAction, to, toAction)) is not null,
            ct: ct);
        return between!.Value;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _reading;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop.
        }

        _stop.Dispose();
    }

    private long? Between(string from, string fromAction, string to, string toAction)
    {
        lock (_gate)
        {
            var begin = _events.LastOrDefault(e => e.ActorId == from && e.Action == fromAction);
            var end = begin is null ? null : _events.FirstOrDefault(e => e.ActorId == to && e.Action == toAction && e.TimeNano > begin.TimeNano);
            return end?.TimeNano - begin?.TimeNano;
        }
    }

    private async Task ReadAsync(EngineClient engine, TaskCompletionSource connected)
    {
        var filters = new Dictionary<string, string[]> { ["type"] = ["container"] };
        await foreach (var e in engine.WatchEventsAsync(since: null, filters, connected.SetResult, _stop.Token))
        {
            lock (_gate)
            {
                _events.Add(e);
            }
        }
    }
}
