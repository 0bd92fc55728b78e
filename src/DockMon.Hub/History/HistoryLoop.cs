namespace DockMon.Hub.History;

/// <summary>What is done for the history now and then.</summary>
internal sealed class HistoryLoop(LiveSamples samples, TimeProvider time) : BackgroundService
{
    /// <summary>How often series without recent samples are removed.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                samples.Sweep();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub stops.
        }
    }
}
