namespace DockMon.Hub;

/// <summary>What the hub does again and again until it stops: one turn after the other.</summary>
/// <param name="interval">Time between the beginnings of two turns; a turn that takes longer delays the next one.</param>
/// <param name="time">The clock.</param>
/// <param name="atOnce">Whether the first turn is at the start, and not an interval later.</param>
internal abstract class PeriodicService(TimeSpan interval, TimeProvider time, bool atOnce = false) : BackgroundService
{
    protected TimeProvider Time => time;

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (atOnce || await timer.WaitForNextTickAsync(stoppingToken))
            {
                atOnce = false;
                await TakeTurnAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub is stopping.
        }
    }

    /// <summary>Does the work once. It handles its errors: an exception ends the hub.</summary>
    protected abstract Task TakeTurnAsync(CancellationToken ct);
}
