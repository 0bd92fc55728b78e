using DockMon.Hub.Bus;
using DockMon.Hub.History.Live;
using DockMon.Hub.History.Metrics;

namespace DockMon.Hub.History;

/// <summary>Statistics: the samples of the last minutes, and what is kept of older ones.</summary>
internal static class HistoryServices
{
    public static void AddHistory(this IServiceCollection services)
    {
        services.AddSingleton<LiveSamples>();
        services.AddSingleton<HistoryStore>();
        services.AddSingleton<HistoryJournal>();
        services.AddSingleton<HistoryRoller>();
        services.AddSingleton<HistoryExpiry>();
        services.AddSingleton<HistoryQuery>();
        services.AddSingleton<HostStats>();
        services.AddSingleton<IAnswersHubs>(provider => provider.GetRequiredService<HostStats>());
        services.AddSingleton<MetricsApi>();
        services.AddHostedService<HistoryLoop>();
    }

    public static void MapHistory(this WebApplication app)
    {
        HistoryApi.Map(app);
        MetricsApi.Map(app);
    }
}
