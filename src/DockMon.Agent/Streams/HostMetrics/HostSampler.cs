using DockMon.Agent.Connection;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.HostMetrics;

/// <summary>The host's own figures, every two seconds. Where the host cannot be seen, none: a container's own would pass for the host's.</summary>
internal sealed class HostSampler(Func<bool?> inContainer, Func<bool> isConnected, Outbound outbound, TimeProvider time, ILogger<HostSampler> logger, string root = "/")
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private const string Key = "host";

    private readonly RepeatedReason _failures = new();
    private HostReading? _last;
    private long _lastRead;
    private bool _saidUnseen;

    /// <summary>Samples until <paramref name="ct"/> fires.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                Tick();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    /// <summary>Reads, and sends what happened since the last reading.</summary>
    public void Tick()
    {
        // Whether it runs in a container is known from the first registration on; before it, nobody would hear a figure.
        if (isConnected() && inContainer() is { } contained)
        {
            Sample(contained);
        }
    }

    private void Sample(bool contained)
    {
        if (HostFiles.Find(root, contained) is not { } files)
        {
            if (!_saidUnseen)
            {
                Log.HostUnseen(logger);
            }

            _saidUnseen = true;
            return;
        }

        try
        {
            var reading = files.Read();
            var elapsed = time.GetElapsedTime(_lastRead);
            if (_last is { } last && elapsed > TimeSpan.Zero)
            {
                Post(last, reading, elapsed);
            }

            _last = reading;
            _lastRead = time.GetTimestamp();
            _failures.Clear();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            if (_failures.ShouldReport(e.Message, out var count))
            {
                Log.HostUnreadable(logger, e.Message, count);
            }
        }
    }

    private void Post(HostReading last, HostReading reading, TimeSpan elapsed)
    {
        var stats = new HostStats
        {
            CpuPercent = Math.Round(reading.Cpu.BusyPercentSince(last.Cpu), 1),
            MemPercent = Math.Round(reading.MemoryPercent, 1),
            NetBytesPerSec = Math.Round(InterfaceCounters.BytesBetween(last.Interfaces, reading.Interfaces) / elapsed.TotalSeconds),
        };
        outbound.PostStats(Key, FrameWriter.Message(new HostStatsFrame { Stats = stats }, ProtocolJson.Default.HostStatsFrame));
    }
}
