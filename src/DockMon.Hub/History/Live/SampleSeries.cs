using System.Text.Json;
using DockMon.Hub.History.Metrics;

namespace DockMon.Hub.History.Live;

/// <summary>The samples of one container, or of the host itself. Not thread-safe.</summary>
internal sealed class SampleSeries(SampleShape shape, string id, MinuteCollector minutes)
{
    /// <summary>Samples that arrive closer together than this are one that came over both sockets.</summary>
    private const long Spacing = 500;

    private readonly SampleRing _ring = new();

    public SampleShape Shape => shape;

    /// <summary>Docker's id of the container; empty for the host.</summary>
    public string Id => id;

    /// <summary>Name of the container, without a slash; null when samples have none.</summary>
    public string? Name { get; set; }

    /// <summary>The minutes of its history.</summary>
    public MinuteCollector Minutes { get; set; } = minutes;

    public ref readonly Sample Last => ref _ring.Last;

    /// <summary>Size of the samples in bytes.</summary>
    public int Bytes => _ring.Bytes;

    /// <summary>Adds a sample, unless it came already.</summary>
    public void Add(in Sample sample, long since)
    {
        if (sample.At - Last.At is >= 0 and < Spacing)
        {
            return;
        }

        Span<double> values = stackalloc double[shape.Metrics.Length];
        shape.Measure(Last, sample, values);
        Minutes.Add(sample.At / 1000, values);
        _ring.Add(sample, since);
    }

    /// <summary>The labels of its metrics.</summary>
    public string MetricLabels => MetricsWriter.Label("container_id", id) + (Name is null ? "" : "," + MetricsWriter.Label("container_name", Name));

    /// <summary>The samples since a time, oldest first.</summary>
    public List<Sample> Read(long since)
    {
        var samples = new List<Sample>();
        _ring.Read(since, samples);
        return samples;
    }

    /// <summary>A sample as the agent sent it.</summary>
    public JsonElement ToJson(in Sample sample) =>
        SampleJson.Write(shape, sample, shape == SampleShape.Container ? id : null, Name);
}
