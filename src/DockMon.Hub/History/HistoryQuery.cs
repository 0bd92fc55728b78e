using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.History;

/// <summary>Reads the history of a series from the tier that fits, up to now: what is not rolled up yet is read from the journal and from memory.</summary>
internal sealed class HistoryQuery(LiveSamples samples, HistoryStore store, TimeProvider time)
{
    /// <summary>Maximum number of points of an answer.</summary>
    public const int MostPoints = 1000;

    public const string LiveTier = "1s";

    // A client's "48 hours ago" is a little older when it arrives.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Default = TimeSpan.FromHours(1);

    /// <param name="hostId">The host.</param>
    /// <param name="series">Name of the container; <see cref="LiveSamples.HostSeries"/> for the host itself.</param>
    /// <param name="from">Start; an hour before the end when null.</param>
    /// <param name="to">End; now when null.</param>
    /// <param name="step">Seconds of a point at least; as many as are needed for <see cref="MostPoints"/> when 0.</param>
    /// <param name="ct">Cancels the read.</param>
    public async Task<HistoryAnswer> ReadAsync(string hostId, string series, DateTimeOffset? from, DateTimeOffset? to, long step, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var end = to is { } wanted && wanted < now ? wanted : now;
        var start = from ?? end - Default;
        start = start < now - Tier.Hours.Kept ? now - Tier.Hours.Kept : start;
        end = end < start ? start : end;

        // Points stand at multiples of the step: one more than would fit begins before the start.
        var least = Math.Max(step, (long)Math.Ceiling((end - start).TotalSeconds / (MostPoints - 1)));
        var (tier, seconds) = Choose(hostId, now - start, Math.Max(least, 1));
        var (first, last) = (start.ToUnixTimeSeconds(), end.ToUnixTimeSeconds());
        first -= first % seconds;
        var rollups = tier is null ? samples.Find(hostId)!.Measured(series, first * 1000) : await ReadAsync(hostId, series, tier, first, last + 1, ct);
        var shape = SampleShape.Of(series);
        return new HistoryAnswer(series, tier?.Name ?? LiveTier, seconds, start, end,
            [.. RollupSum.By(seconds, rollups.Where(one => one.Start >= first && one.Start <= last)).Select(one => HistoryPoint.From(shape, one))]);
    }

    /// <summary>The tier to read from, null for the samples in memory, and the seconds of a point.</summary>
    private (Tier? Tier, long Seconds) Choose(string hostId, TimeSpan age, long least)
    {
        if (age <= LiveSamples.Kept && least < Tier.Minute.Step && samples.Find(hostId) is not null)
        {
            return (null, least);
        }

        var reaching = Tier.All.Where(tier => age <= tier.Kept + Tolerance).ToList();
        var tier = reaching.LastOrDefault(tier => tier.Step <= least) ?? reaching.FirstOrDefault() ?? Tier.Hours;
        return (tier, (least + tier.Step - 1) / tier.Step * tier.Step);
    }

    private async Task<IEnumerable<Rollup>> ReadAsync(string hostId, string series, Tier tier, long from, long to, CancellationToken ct)
    {
        var recent = await store.JournalAsync(hostId, series, from, to, ct);
        HistoryStore.Merge(recent, samples.Find(hostId)?.WaitingMinutes(series) ?? []);
        if (tier == Tier.Minute)
        {
            HistoryStore.Merge(recent, (await store.BlocksAsync(hostId, series, tier, from, to, ct)).Values);
            return recent.Values;
        }

        // An hour with minutes that are not rolled up: what the coarser tier has of it is incomplete, and follows from its minutes.
        var hours = recent.Keys.Select(Tier.Minute.BlockOf).ToHashSet();
        foreach (var hour in hours)
        {
            HistoryStore.Merge(recent, (await store.BlocksAsync(hostId, series, Tier.Minute, hour, hour + Tier.Hour, ct)).Values);
        }

        var rolled = await store.BlocksAsync(hostId, series, tier, from, to, ct);
        return rolled.Values.Where(one => !hours.Contains(Tier.Minute.BlockOf(one.Start))).Concat(recent.Values).OrderBy(one => one.Start);
    }
}
