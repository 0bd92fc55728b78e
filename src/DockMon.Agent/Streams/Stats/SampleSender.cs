using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Stats;

/// <summary>One measured container.</summary>
internal readonly record struct Sample(string Id, string Name, double CpuPercent, Reading Reading);

/// <summary>Sends samples to whichever of the two sockets is there, those of one moment together.</summary>
internal sealed class SampleSender(Outbound outbound, StatsLink statsLink, ConnectionState connection, TimeProvider time)
{
    /// <summary>Whether anybody hears what is sent.</summary>
    public bool HasListener => connection.IsConnected || statsLink.IsOpen;

    public void Send(IReadOnlyList<Sample> samples)
    {
        if (samples.Count == 0)
        {
            return;
        }

        var now = time.GetUtcNow();
        var timestamp = Rfc3339.Format(now);
        var messages = samples.Select(sample => Message(sample, timestamp)).ToArray();
        if (connection.IsConnected)
        {
            outbound.PostStats(Array.ConvertAll(
                messages,
                stats => new KeyedFrame(stats.ContainerId, FrameWriter.Event(EventNames.ContainerStats, stats, ProtocolJson.Default.ContainerStats, now))));
        }

        if (statsLink.IsOpen)
        {
            statsLink.Post(Array.ConvertAll(
                messages,
                stats => new KeyedFrame(stats.ContainerId, FrameWriter.Message(stats, ProtocolJson.Default.ContainerStats))));
        }
    }

    private static ContainerStats Message(Sample sample, string timestamp)
    {
        var reading = sample.Reading;
        var (memory, limit) = (Whole(reading.Memory), Whole(reading.MemoryLimit));
        return new()
        {
            ContainerId = sample.Id,
            ContainerName = sample.Name,
            CpuPercent = Math.Round(sample.CpuPercent, 1),
            MemoryUsage = memory,
            MemoryLimit = limit,
            MemoryPercent = limit > 0 ? Math.Round(100.0 * memory / limit, 2) : 0,
            NetworkRx = Whole(reading.NetworkRx),
            NetworkTx = Whole(reading.NetworkTx),
            DiskRead = Whole(reading.DiskRead),
            DiskWrite = Whole(reading.DiskWrite),
            Timestamp = timestamp,
        };
    }

    private static long Whole(ulong value) => (long)Math.Min(value, long.MaxValue);
}
