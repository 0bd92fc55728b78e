using System.Data.Common;

namespace DockMon.Hub.Storage.Tables;

/// <summary>Removes events that are older than <c>HUB_EVENTS_DAYS</c>, at the start and every hour.</summary>
internal sealed partial class EventExpiry(Database database, HubOptions options, TimeProvider time, ILogger<EventExpiry> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                while (await Events.PruneOldAsync(database, time.GetUtcNow().AddDays(-options.EventsDays), stoppingToken))
                {
                    // Others write between two slices.
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (DbException e)
            {
                Log.NotRemoved(logger, options.EventsDays, e.Message);
            }
        }
        while (await NextAsync(timer, stoppingToken));
    }

    /// <returns>False when the hub is stopping.</returns>
    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(24, LogLevel.Error, "Cannot remove events older than {Days} days, trying again in an hour: {Reason}")]
        public static partial void NotRemoved(ILogger logger, int days, string reason);
    }
}
