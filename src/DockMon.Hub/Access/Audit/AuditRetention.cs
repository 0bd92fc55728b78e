using System.Data.Common;

namespace DockMon.Hub.Access.Audit;

/// <summary>Removes old entries of the audit.</summary>
internal sealed partial class AuditRetention(AuditLog audit, HubOptions options, TimeProvider time, ILogger<AuditRetention> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await RemoveAsync(stoppingToken);
                await Task.Delay(Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub is stopping.
        }
    }

    private async Task RemoveAsync(CancellationToken ct)
    {
        try
        {
            await audit.RemoveAsync(time.GetUtcNow().AddDays(-options.AuditDays), ct);
        }
        catch (DbException e)
        {
            Log.NotRemoved(logger, options.AuditDays, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(69, LogLevel.Error, "Cannot remove what is older than {Days} days from the audit; the next try is in an hour: {Reason}")]
        public static partial void NotRemoved(ILogger logger, int days, string reason);
    }
}
