using System.Data.Common;

namespace DockMon.Hub.Access.Audit;

/// <summary>Removes old entries of the audit.</summary>
internal sealed partial class AuditRetention(AuditLog audit, HubOptions options, TimeProvider time, ILogger<AuditRetention> logger)
    : PeriodicService(TimeSpan.FromHours(1), time, atOnce: true)
{
    protected override async Task TakeTurnAsync(CancellationToken ct)
    {
        try
        {
            await audit.RemoveAsync(Time.GetUtcNow().AddDays(-options.AuditDays), ct);
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
