using BenchmarkDotNet.Attributes;
using DockMon.Agent.Delivery;
using DockMon.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Benchmarks;

/// <summary>The way from whoever has something to send to the write loop.</summary>
public class OutboundBenchmarks
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dockmon-bench-").FullName;
    private Outbound _outbound = null!;
    private KeyedFrame[] _samples = [];
    private byte[] _frame = [];

    /// <summary>How many containers are sampled in one go.</summary>
    [Params(1, 50)]
    public int Containers { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _outbound = new Outbound(new Outbox(_folder), TimeProvider.System, NullLogger<Outbound>.Instance);
        _frame = FrameWriter.Event(
            EventNames.ContainerStats,
            Samples.Stats(new string('a', 64)),
            ProtocolJson.Default.ContainerStats,
            TimeProvider.System.GetUtcNow());
        _samples = [.. Enumerable.Range(0, Containers).Select(i => new KeyedFrame($"{i:x64}", _frame))];
    }

    [GlobalCleanup]
    public void CleanUp() => Directory.Delete(_folder, recursive: true);

    /// <summary>All samples of one moment in, and out again.</summary>
    [Benchmark]
    public int SamplesInAndOut()
    {
        _outbound.PostStats(_samples);
        return TakeAll();
    }

    /// <summary>Samples of a link that takes nothing: the newer ones replace those that wait.</summary>
    [Benchmark]
    public void SamplesReplaced() => _outbound.PostStats(_samples);

    /// <summary>As many events in, and out again.</summary>
    [Benchmark]
    public int EventsInAndOut()
    {
        for (var i = 0; i < Containers; i++)
        {
            _outbound.PostEvent(_frame);
        }

        return TakeAll();
    }

    private int TakeAll()
    {
        var taken = 0;
        while (_outbound.TryTake() is not null)
        {
            taken++;
        }

        _outbound.Confirm(_outbound.BeginPing(long.MaxValue)); // Or the window would be full soon.
        return taken;
    }
}
