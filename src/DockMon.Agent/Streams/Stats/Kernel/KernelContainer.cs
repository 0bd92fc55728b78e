using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>The open files of one running container. Not thread-safe, as its source is not.</summary>
internal sealed class KernelContainer(
    ProcessFile process, CpuFile cpu, MemoryFiles? memory, BlockIoFiles blockIo, NetworkCounters? network, NetworkNamespaces namespaces) : IDisposable
{
    private bool _disposed;

    /// <summary>What it has used up so far.</summary>
    /// <exception cref="IOException">It has ended.</exception>
    public Reading Read(HostTotals host, ReadBuffer buffer, long tick)
    {
        process.Check(buffer);
        var (rx, tx) = network?.Read(buffer, tick) ?? default;
        var (read, write) = blockIo.Read(buffer);
        return new Reading
        {
            Cpu = cpu.Read(buffer),
            System = host.System,
            Cpus = host.Cpus,
            Memory = memory?.Read(buffer) ?? 0,
            MemoryLimit = memory?.ReadLimit(buffer, host.Memory) ?? host.Memory,
            NetworkRx = rx,
            NetworkTx = tx,
            DiskRead = read,
            DiskWrite = write,
        };
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        process.Dispose();
        cpu.Dispose();
        memory?.Dispose();
        blockIo.Dispose();
        if (network is not null)
        {
            namespaces.Leave(network);
        }
    }
}
