using System.IO.Compression;
using System.Text.Json;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Backfill;

/// <summary>
/// Minutes that no server has heard of, in memory: ten of them at a time as the JSON that is sent, compressed, until they are taken. Thread-safe.
/// </summary>
internal sealed partial class KeptMinutes(TimeProvider time, ILogger logger)
{
    /// <summary>Most bytes of what is kept; then the oldest minutes are dropped.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Most containers of a minute, as a server keeps.</summary>
    public const int MaxContainers = 1000;

    /// <summary>Most minutes that are sent at once.</summary>
    public const int BatchMinutes = 10;

    /// <summary>Bytes of minutes, not compressed, that are sent at once though they are fewer.</summary>
    public const int BatchBytes = 256 * 1024;

    /// <summary>How long minutes are kept.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(24);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, SeriesMinute> _containers = new(StringComparer.Ordinal);
    private readonly SeriesMinute _host = new();
    private readonly List<byte[]> _open = [];
    private readonly Queue<Batch> _batches = new();
    private long _minute;
    private long _bytes;
    private bool _lossWasReported;

    /// <summary>Bytes of what is kept, but for the newest minutes.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Adds samples of containers.</summary>
    public void Add(IReadOnlyList<ContainerStats> samples)
    {
        lock (_gate)
        {
            Begin();
            foreach (var sample in samples)
            {
                if (!_containers.TryGetValue(sample.ContainerId, out var series))
                {
                    if (_containers.Count >= MaxContainers)
                    {
                        continue;
                    }

                    _containers.Add(sample.ContainerId, series = new SeriesMinute());
                }

                series.Add(sample, time.GetTimestamp(), time.TimestampFrequency);
            }
        }
    }

    /// <summary>Adds a sample of the host.</summary>
    public void Add(HostStats sample)
    {
        lock (_gate)
        {
            Begin();
            _host.Add(sample);
        }
    }

    /// <summary>There is a connection again: what is measured from now on is heard.</summary>
    public void End()
    {
        lock (_gate)
        {
            CloseMinute();
            CloseBatch();
            _containers.Clear();
            _lossWasReported = false;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            End();
            _batches.Clear();
            _bytes = 0;
        }
    }

    /// <summary>Takes the oldest minutes; null when there are none.</summary>
    public StatsBackfill? TryTake()
    {
        lock (_gate)
        {
            if (!_batches.TryDequeue(out var batch))
            {
                return null;
            }

            _bytes -= batch.Bytes.Length;
            using var reader = new DeflateStream(new MemoryStream(batch.Bytes), CompressionMode.Decompress);
            return JsonSerializer.Deserialize(reader, ProtocolJson.Default.StatsBackfill);
        }
    }

    private void Begin()
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var minute = now - (now % 60);
        if (minute != _minute)
        {
            CloseMinute();
            _minute = minute;
        }
    }

    private void CloseMinute()
    {
        var containers = new Dictionary<string, MinuteFigures>(StringComparer.Ordinal);
        foreach (var (id, series) in _containers)
        {
            if (series.Samples > 0)
            {
                containers[series.Name] = series.Take(isHost: false);
            }
            else
            {
                _containers.Remove(id); // It has ended.
            }
        }

        var host = _host.Samples > 0 ? _host.Take(isHost: true) : null;
        if (host is null && containers.Count == 0)
        {
            return;
        }

        var minute = new StatsMinute { Start = _minute, Host = host, Containers = containers };
        _open.Add(JsonSerializer.SerializeToUtf8Bytes(minute, ProtocolJson.Default.StatsMinute));
        if (_open.Count >= BatchMinutes || _open.Sum(one => one.Length) >= BatchBytes)
        {
            CloseBatch();
        }
    }

    private void CloseBatch()
    {
        if (_open.Count == 0)
        {
            return;
        }

        using var compressed = new MemoryStream();
        using (var writer = new DeflateStream(compressed, CompressionLevel.Optimal))
        {
            writer.Write("{\"minutes\":["u8);
            for (var i = 0; i < _open.Count; i++)
            {
                writer.Write(i == 0 ? [] : ","u8);
                writer.Write(_open[i]);
            }

            writer.Write("]}"u8);
        }

        _open.Clear();
        var bytes = compressed.ToArray();
        _batches.Enqueue(new Batch(time.GetTimestamp(), bytes));
        _bytes += bytes.Length;
        while (_bytes > MaxBytes || (_batches.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > MaxAge))
        {
            _bytes -= _batches.Dequeue().Bytes.Length;
            if (!_lossWasReported)
            {
                Log.MinutesDropped(logger, MaxAge.TotalHours, MaxBytes);
                _lossWasReported = true;
            }
        }
    }

    private sealed record Batch(long At, byte[] Bytes);

    private static partial class Log
    {
        [LoggerMessage(
            723,
            LogLevel.Warning,
            "Statistics of the time without a connection are lost: those of the last {Hours} h are kept, in at most {Bytes} bytes, and newer ones came")]
        public static partial void MinutesDropped(ILogger logger, double hours, int bytes);
    }
}
