using BenchmarkDotNet.Attributes;
using DockMon.Hub.History.Live;
using DockMon.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Benchmarks;

/// <summary>A sample that arrives at the hub.</summary>
public class HubSampleBenchmarks
{
    private readonly SetTime _time = new();
    private readonly LiveSamples _samples;
    private readonly byte[] _frame = FrameWriter.Event(
        EventNames.ContainerStats,
        Samples.Stats(new string('a', 64)),
        ProtocolJson.Default.ContainerStats,
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public HubSampleBenchmarks() => _samples = new LiveSamples(_time, NullLogger<LiveSamples>.Instance);

    /// <summary>From the frame of the control socket to the ring and the minute.</summary>
    [Benchmark]
    public bool Take()
    {
        _time.Now += TimeSpan.FromSeconds(1);
        if (!SampleReader.TryFind(_frame, out var sample, out var isHost))
        {
            return false;
        }

        _samples.Add("host", sample, isHost);
        return true;
    }
}
