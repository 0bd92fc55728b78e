using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies;
using DockMon.Agent.Streams.Backfill;
using DockMon.Agent.Threading;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.HostMetrics;

/// <summary>The host's own figures, every two seconds. Where the host cannot be seen, none: a container's own would pass for the host's.</summary>
internal sealed partial class HostSampler(
    ConnectionState connection,
    Outbound outbound,
    PolicySource policies,
    TimeProvider time,
    ILogger<HostSampler> logger,
    Machine? machine = null)
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>How often <see cref="HostStats.Extended"/> is in it: reading all that costs more than everything else together.</summary>
    public static readonly TimeSpan ExtendedPeriod = TimeSpan.FromSeconds(30);

    private const string Key = "host";

    private readonly Schedule _cadence = new(Period, time);
    private readonly Schedule _slowCadence = new(Backfiller.Period, time);
    private readonly FailureLog _failures = new();
    private readonly ReadBuffer _buffer = new();
    private volatile HostSight? _sight;
    private HostReading? _last;
    private IReadOnlyList<DiskCounters> _lastDisks = [];
    private HostFiles? _files;
    private long _lastRead;
    private long? _lastExtended;
    private bool _unseen;
    private string? _elsewhere;

    /// <summary>What is known of the machine; null before the first registration.</summary>
    public HostSight? Sight
    {
        get => _sight;
        set => _sight = value;
    }

    /// <summary>Whether the server has asked for <see cref="HostStats.Extended"/>.</summary>
    public bool IsExtended { get; set; }

    /// <summary>What takes the figures while there is no connection.</summary>
    public Backfiller? Backfill { get; set; }

    private bool IsKeeping => Backfill is { IsKeeping: true };

    /// <summary>Samples if it is time to.</summary>
    /// <returns>When to be called again; null when a connection has to be there first, or the host cannot be seen.</returns>
    public TimeSpan? Advance()
    {
        // Where it runs is known from the first registration on, as a rule; before it, nobody would hear a figure.
        if (_unseen || !(connection.IsConnected || IsKeeping) || !policies.Current.Permits(HostActions.Stats)
            || _sight is not { } sight || IsElsewhere(sight))
        {
            if (_cadence.Stop() | _slowCadence.Stop())
            {
                (_last, _lastDisks, _lastExtended) = (null, [], null);
            }

            return null;
        }

        var (cadence, other) = IsKeeping ? (_slowCadence, _cadence) : (_cadence, _slowCadence);
        other.Stop();
        if (cadence.TryRun())
        {
            Sample(sight.InContainer);
        }

        return _unseen ? null : cadence.Wait;
    }

    private bool IsElsewhere(HostSight sight)
    {
        if (sight.Elsewhere != _elsewhere && (_elsewhere = sight.Elsewhere) is { } reason)
        {
            Log.HostElsewhere(logger, reason);
        }

        return _elsewhere is not null;
    }

    private void Sample(bool contained)
    {
        _files ??= HostFiles.Find(machine ?? Machine.Current, contained);
        if (_files is not { } files)
        {
            Log.HostUnseen(logger);
            _unseen = true;
            return;
        }

        try
        {
            var reading = files.Read(_buffer);
            var elapsed = time.GetElapsedTime(_lastRead);
            if (_last is { } last && elapsed > TimeSpan.Zero)
            {
                Post(last, reading, IsExtended && connection.IsConnected ? ExtendIfDue(files, contained, reading) : null, elapsed);
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

    private void Post(HostReading last, HostReading reading, ExtendedHostStats? extended, TimeSpan elapsed)
    {
        var stats = new HostStats
        {
            CpuPercent = Math.Round(reading.Cpu.BusyPercentSince(last.Cpu), 1),
            MemPercent = Math.Round(reading.Memory.UsedPercent, 1),
            NetBytesPerSec = Math.Round(InterfaceCounters.BytesBetween(last.Interfaces, reading.Interfaces) / elapsed.TotalSeconds),
            Extended = extended,
        };
        if (IsKeeping)
        {
            Backfill!.Minutes.Add(stats);
            return;
        }

        outbound.PostStats(Key, FrameWriter.Message(new HostStatsFrame { Stats = stats }, ProtocolJson.Default.HostStatsFrame));
    }

    private ExtendedHostStats? ExtendIfDue(HostFiles files, bool contained, HostReading reading)
    {
        var elapsed = _lastExtended is { } last ? time.GetElapsedTime(last) : TimeSpan.Zero;
        if (_lastExtended is not null && elapsed < ExtendedPeriod)
        {
            return null;
        }

        _lastExtended = time.GetTimestamp();
        return Extend(files, contained, reading, elapsed);
    }

    private ExtendedHostStats Extend(HostFiles files, bool contained, HostReading reading, TimeSpan elapsed)
    {
        var disks = ExtendedHostFiles.Disks(files);
        var extended = new ExtendedHostStats
        {
            LoadAverage = ExtendedHostFiles.Load(files.Proc),
            SwapTotalBytes = reading.Memory.SwapTotal,
            SwapUsedBytes = reading.Memory.SwapUsed,
            Disks = [.. disks.Select(disk => disk.Since(_lastDisks.FirstOrDefault(last => last.Name == disk.Name), elapsed)).OfType<DiskStats>()],
            FileSystems = ExtendedHostFiles.FileSystems(files, contained),
            Temperatures = ExtendedHostFiles.Temperatures(files.Sys),
        };
        _lastDisks = disks;
        return extended;
    }

    private static partial class Log
    {
        [LoggerMessage(
            720,
            LogLevel.Information,
            "No statistics of the host: the agent runs in a container and the host's /proc is not mounted (-v /proc:/host/proc:ro -v /sys:/host/sys:ro)")]
        public static partial void HostUnseen(ILogger logger);

        [LoggerMessage(721, LogLevel.Warning, "Statistics of the host cannot be read: {Reason} (failed tries for this reason: {Count})")]
        public static partial void HostUnreadable(ILogger logger, string reason, int count);

        [LoggerMessage(722, LogLevel.Warning, "No statistics of the host: the machine that the agent sees is not the engine's host, or may not be: {Reason}")]
        public static partial void HostElsewhere(ILogger logger, string reason);
    }
}
