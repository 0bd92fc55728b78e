namespace DockMon.Agent.Commands;

/// <summary>The places that work of one kind has: so many at once, the others wait. It knows when nothing gets on.</summary>
/// <param name="name">Whose places they are.</param>
/// <param name="width">How many.</param>
/// <param name="patience">Longer than any work of this kind should take.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkSlots(string name, int width, TimeSpan patience, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _free = new(width);
    private long _moved = time.GetTimestamp();

    /// <summary>What stands still: every place was taken and none given back for longer than any work should take; null when it gets on.</summary>
    public string? Stall => _free.CurrentCount == 0 && time.GetElapsedTime(Volatile.Read(ref _moved)) is var since && since > patience
        ? $"the {width} places for {name} are all taken, and none was given back for {since.TotalMinutes:0} min" : null;

    /// <summary>Does work when there is a place. Who leaves before is run without one: it sees that, and only tidies up.</summary>
    public async Task RunAsync(Func<Task> work, CancellationToken leave)
    {
        if (!await EnterAsync(leave))
        {
            await work();
            return;
        }

        try
        {
            Volatile.Write(ref _moved, time.GetTimestamp());
            await work();
        }
        finally
        {
            Volatile.Write(ref _moved, time.GetTimestamp());
            _free.Release();
        }
    }

    public void Dispose() => _free.Dispose();

    private async Task<bool> EnterAsync(CancellationToken leave)
    {
        try
        {
            await _free.WaitAsync(leave);
            return true;
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
            return false;
        }
    }
}
