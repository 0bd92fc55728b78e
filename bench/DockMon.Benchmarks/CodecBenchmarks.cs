using BenchmarkDotNet.Attributes;
using DockMon.Protocol;

namespace DockMon.Benchmarks;

/// <summary>Reading and writing of frames.</summary>
public class CodecBenchmarks
{
    private readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private readonly byte[] _command = Wire.Command;
    private readonly byte[] _answer = Wire.LongestAnswer;
    private readonly byte[] _payload = [.. "{\"container\":"u8, .. Wire.LongestAnswer, (byte)'}'];
    private readonly ContainerStats _stats = Samples.Stats(new string('a', 64));

    [Benchmark]
    public Frame ReadCommand() => Frame.Parse(_command);

    [Benchmark]
    public Frame ReadLongAnswer() => Frame.Parse(_answer);

    [Benchmark]
    public byte[] WriteSample() => FrameWriter.Event(EventNames.ContainerStats, _stats, ProtocolJson.Default.ContainerStats, _now);

    [Benchmark]
    public byte[] WriteBareSample() => FrameWriter.Message(_stats, ProtocolJson.Default.ContainerStats);

    [Benchmark]
    public byte[] WriteLongResponse() => FrameWriter.Response("c4d869ed-bead-42f8-ba30-a719254cb5da", _payload, _now);

    [Benchmark]
    public byte[] WriteLongOperationResult() => FrameWriter.OperationResult("c4d869ed-bead-42f8-ba30-a719254cb5da", _payload);
}
