using DockMon.Hub.Api;

namespace DockMon.Hub.History;

/// <summary>Endpoints of a host's statistics.</summary>
internal static class HistoryApi
{
    public static void Map(WebApplication app)
    {
        var stats = app.MapGroup("/api/hosts/{id}/stats").AddEndpointFilter(HostApi.ExistsAsync);
        stats.MapGet("", (string id, LiveSamples samples) =>
        {
            var (own, containers) = samples.Latest(id);
            return new StatsAnswer(own, containers, samples.Find(id)?.Refused ?? 0);
        }).WithSummary("Latest sample of the host and of each container.");
        stats.MapGet("/history", (string id, LiveSamples samples, string? container_id) =>
            (IReadOnlyList<HistoryEntry>)[.. samples.Recent(id, container_id ?? LiveSamples.HostSeries)
                .Select(sample => new HistoryEntry(sample.ReceivedAt, sample.Stats))])
            .WithSummary("Samples of the last five minutes, of a container or of the host.");
    }
}
