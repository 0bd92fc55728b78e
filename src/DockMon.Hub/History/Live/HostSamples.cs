using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Hub.History.Blocks;

namespace DockMon.Hub.History.Live;

/// <summary>The samples of one host and its containers.</summary>
internal sealed class HostSamples
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SampleSeries> _containers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MinuteCollector> _minutes;
    private readonly MinuteCollector _ownMinutes = new();
    private SampleSeries? _own;
    private byte[]? _extended;
    private long _extendedAt;

    public HostSamples() => _minutes = new(StringComparer.Ordinal) { [LiveSamples.HostSeries] = _ownMinutes };

    /// <summary>Number of containers.</summary>
    public int Count => Volatile.Read(ref _count);

    private int _count;

    /// <summary>Number of samples that were dropped because there were too many containers.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    private long _refused;

    /// <summary>Adds a sample of the host itself.</summary>
    public void AddOwn(in ReadSample read)
    {
        lock (_gate)
        {
            _own ??= new SampleSeries(SampleShape.Host, LiveSamples.HostSeries, _ownMinutes);
            _own.Add(read.Sample, read.Sample.At - LiveSamples.KeptMilliseconds);
            if (!read.Extended.IsEmpty)
            {
                _extended = read.Extended.ToArray();
                _extendedAt = read.Sample.At;
            }
        }
    }

    /// <summary>Adds a sample of a container; false when there are too many containers.</summary>
    public bool TryAdd(in ReadSample read)
    {
        lock (_gate)
        {
            if (!_containers.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(read.ContainerId, out var series))
            {
                if (_containers.Count >= LiveSamples.MostContainers)
                {
                    Interlocked.Increment(ref _refused);
                    return false;
                }

                var id = read.ContainerId.ToString();
                if (Minutes(read.ContainerName.IsEmpty ? id : read.ContainerName.ToString()) is not { } minutes)
                {
                    Interlocked.Increment(ref _refused);
                    return false;
                }

                series = new SampleSeries(SampleShape.Container, id, minutes);
                _containers.Add(id, series);
                Volatile.Write(ref _count, _containers.Count);
            }

            // Histories belong to names: an update makes a container of a new id with the name of the old one.
            if (!read.ContainerName.IsEmpty && !read.ContainerName.SequenceEqual(series.Name))
            {
                series.Name = read.ContainerName.ToString();
                series.Minutes = Minutes(series.Name) ?? series.Minutes;
            }

            series.Add(read.Sample, read.Sample.At - LiveSamples.KeptMilliseconds);
            return true;
        }
    }

    /// <summary>The newest sample of the host itself and of each container, not older than a time.</summary>
    public (JsonElement? Own, Dictionary<string, JsonElement> Containers) Latest(long since)
    {
        lock (_gate)
        {
            JsonElement? own = _own is not null && _own.Last.At >= since
                ? SampleJson.Write(_own.Shape, _own.Last, extended: _extendedAt >= since ? _extended : null) : null;
            return (own, _containers.Values.Where(series => series.Last.At >= since).ToDictionary(series => series.Id, series => series.ToJson(series.Last)));
        }
    }

    /// <summary>The newest sample of a container, not older than a time.</summary>
    public JsonElement? Newest(string containerId, long since)
    {
        lock (_gate)
        {
            return Find(containerId) is { } series && series.Last.At >= since ? series.ToJson(series.Last) : null;
        }
    }

    /// <summary>Calls a function for the host itself and each container with a sample since a time.</summary>
    public void ForEach(long since, Action<SampleSeries> action)
    {
        lock (_gate)
        {
            if (_own is not null && _own.Last.At >= since)
            {
                action(_own);
            }

            foreach (var series in _containers.Values)
            {
                if (series.Last.At >= since)
                {
                    action(series);
                }
            }
        }
    }

    /// <summary>The samples of a container, or of the host itself, since a time; each with its time of receipt.</summary>
    public IReadOnlyList<(long At, JsonElement Sample)> Samples(string containerId, long since)
    {
        lock (_gate)
        {
            return Find(containerId) is { } series ? [.. series.Read(since).Select(sample => (sample.At, series.ToJson(sample)))] : [];
        }
    }

    /// <summary>What the samples of a series since a time measured, each as a rollup of one sample, oldest first.</summary>
    /// <param name="series">Name of the series.</param>
    /// <param name="since">The time.</param>
    public List<Rollup> Measured(string series, long since)
    {
        var rollups = new List<Rollup>();
        lock (_gate)
        {
            foreach (var one in _containers.Values.Where(one => (one.Name ?? one.Id) == series))
            {
                Measure(one, since, rollups);
            }

            if (series == LiveSamples.HostSeries && _own is not null)
            {
                Measure(_own, since, rollups);
            }
        }

        rollups.Sort((one, other) => one.Start.CompareTo(other.Start));
        return rollups;
    }

    /// <summary>The series that a container's history is kept under; null for an unknown container.</summary>
    public string? SeriesOf(string containerId)
    {
        lock (_gate)
        {
            return Find(containerId) is { } series ? series.Name ?? series.Id : null;
        }
    }

    /// <summary>The minutes of a series that are not written yet, with the one that is not over.</summary>
    public List<Rollup> WaitingMinutes(string series)
    {
        var minutes = new List<Rollup>();
        lock (_gate)
        {
            _minutes.GetValueOrDefault(series)?.Read(minutes);
        }

        return minutes;
    }

    /// <summary>The minutes of all series that are over and not written yet.</summary>
    public List<SeriesMinutes> CompletedMinutes(long second, bool all)
    {
        var completed = new List<SeriesMinutes>();
        lock (_gate)
        {
            foreach (var (series, collector) in _minutes)
            {
                var minutes = new List<Rollup>();
                collector.ReadCompleted(second, all, minutes);
                if (minutes.Count > 0)
                {
                    completed.Add(new SeriesMinutes(series, minutes));
                }
            }
        }

        return completed;
    }

    /// <summary>Drops minutes that were written.</summary>
    /// <returns>Number of minutes that were dropped unwritten since the last time.</returns>
    public int Forget(IEnumerable<SeriesMinutes> written)
    {
        var lost = 0;
        lock (_gate)
        {
            foreach (var (series, minutes) in written)
            {
                if (_minutes.TryGetValue(series, out var collector))
                {
                    lost += collector.Forget(minutes[^1].Start);
                }
            }
        }

        return lost;
    }

    /// <summary>Removes containers without a sample since a time, and histories of which nothing waits to be written.</summary>
    /// <returns>Whether nothing is left.</returns>
    public bool Sweep(long since)
    {
        lock (_gate)
        {
            foreach (var (id, series) in _containers)
            {
                if (series.Last.At < since)
                {
                    _containers.Remove(id);
                }
            }

            Volatile.Write(ref _count, _containers.Count);
            _own = _own?.Last.At < since ? null : _own;
            _extended = _extendedAt < since ? null : _extended;
            foreach (var (series, collector) in _minutes)
            {
                if (collector != _ownMinutes && collector.LastAt < since / 1000 && collector.IsEmpty)
                {
                    _minutes.Remove(series);
                }
            }

            return _own is null && _containers.Count == 0 && _minutes.Count == 1 && _ownMinutes.IsEmpty;
        }
    }

    private static void Measure(SampleSeries series, long since, List<Rollup> rollups)
    {
        Span<double> values = stackalloc double[series.Shape.Metrics.Length];
        var before = default(Sample);
        foreach (var sample in CollectionsMarshal.AsSpan(series.Read(since)))
        {
            series.Shape.Measure(before, sample, values);
            var sum = default(RollupSum);
            sum.Add(values);
            rollups.Add(sum.ToRollup(sample.At / 1000));
            before = sample;
        }
    }

    private SampleSeries? Find(string containerId) => containerId == LiveSamples.HostSeries ? _own
        : _containers.GetValueOrDefault(containerId) ?? (IsShort(containerId) ? _containers.Values.FirstOrDefault(one => IsOf(one.Id, containerId)) : null);

    /// <summary>Whether an id may be the beginning of one, as Docker shows them.</summary>
    private static bool IsShort(string containerId) => containerId.Length is >= LiveSamples.ShortId and < LiveSamples.WholeId;

    private static bool IsOf(string id, string start) => id.StartsWith(start, StringComparison.Ordinal);

    /// <summary>The minutes of a name; null when there are too many names.</summary>
    private MinuteCollector? Minutes(string series)
    {
        if (!_minutes.TryGetValue(series, out var collector) && _minutes.Count < LiveSamples.MostNames)
        {
            _minutes.Add(series, collector = new MinuteCollector());
        }

        return collector;
    }
}
