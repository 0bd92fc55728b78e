using BenchmarkDotNet.Attributes;
using DockMon.Agent.Streams.Stats.Kernel;

namespace DockMon.Benchmarks;

/// <summary>
/// One container's figures from the kernel. The container is this process, taken for its own container's first one: the files are of the same kinds.
/// </summary>
public class SamplerBenchmarks
{
    private KernelSource _source = null!;
    private KernelContainer _container = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _source = new KernelSource();
        _container = _source.Open("this-process", Environment.ProcessId, hasNetwork: true, isOwn: true);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _container.Dispose();
        _source.Dispose();
    }

    [Benchmark]
    public double OneContainer()
    {
        _source.Begin();
        return _source.Read(_container).Memory;
    }
}
