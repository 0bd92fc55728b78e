using DockMon.Protocol;

namespace DockMon.Benchmarks;

/// <summary>Messages with figures as long as real ones.</summary>
internal static class Samples
{
    public static ContainerStats Stats(string id) => new()
    {
        ContainerId = id,
        ContainerName = "a-container-of-usual-name",
        CpuPercent = 12.3,
        MemoryUsage = 123_456_789,
        MemoryLimit = 8_589_934_592,
        MemoryPercent = 1.44,
        NetworkRx = 1_234_567_890,
        NetworkTx = 987_654_321,
        DiskRead = 45_678_901,
        DiskWrite = 34_567_890,
        Timestamp = "2026-01-02T03:04:05.678Z",
    };
}
