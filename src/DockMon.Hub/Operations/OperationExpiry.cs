using System.Data.Common;

namespace DockMon.Hub.Operations;

/// <summary>Ends operations whose agents do not come back, every minute.</summary>
internal sealed partial class OperationExpiry(OperationUpdates updates, TimeProvider time, ILogger<OperationExpiry> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await updates.ExpireAsync(stoppingToken);
                }
                catch (DbException e)
                {
                    Log.NotExpired(logger, e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(92, LogLevel.Error, "Cannot end operations whose agents do not come back; it is tried again in a minute: {Reason}")]
        public static partial void NotExpired(ILogger logger, string reason);
    }
}
