using System.Data.Common;

namespace DockMon.Hub.Storage.Tables;

/// <summary>Removes events that are older than <c>HUB_EVENTS_DAYS</c>, at the start and every hour.</summary>
internal sealed partial class EventExpiry(Database database, HubOptions options, TimeProvider time, ILogger<EventExpiry> logger)
    : PeriodicService(TimeSpan.FromHours(1), time, atOnce: true)
{
    protected override async Task TakeTurnAsync(CancellationToken ct)
    {
        try
        {
            while (await Events.PruneOldAsync(database, Time.GetUtcNow().AddDays(-options.EventsDays), ct))
            {
                // Others write between two slices.
            }
        }
        catch (DbException e)
        {
            Log.NotRemoved(logger, options.EventsDays, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(24, LogLevel.Error, "Cannot remove events older than {Days} days, trying again in an hour: {Reason}")]
        public static partial void NotRemoved(ILogger logger, int days, string reason);
    }
}
