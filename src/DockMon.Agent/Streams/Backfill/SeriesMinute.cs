using System.Diagnostics;
using System.Runtime.CompilerServices;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Backfill;

/// <summary>The samples of a container, or of the host, in the minute that is not over. Not thread-safe.</summary>
internal sealed class SeriesMinute
{
    private const int Cpu = 0;
    private const int Memory = 1;
    private const int Limit = 2;
    private const int NetworkRx = 3;
    private const int NetworkTx = 4;
    private const int DiskRead = 5;
    private const int DiskWrite = 6;
    private const int Figures = 7;

    private Extents _extents;
    private ContainerStats? _last;
    private long _lastAt;

    /// <summary>Name of the container.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Number of samples.</summary>
    public int Samples { get; private set; }

    /// <summary>Adds a sample of a container.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="now">When, in ticks of a <see cref="Stopwatch"/>: rates follow from it and from the sample before.</param>
    /// <param name="frequency">Such ticks in a second.</param>
    public void Add(ContainerStats sample, long now, long frequency)
    {
        Samples++;
        Name = sample.ContainerName.TrimStart('/');
        _extents[Cpu].Add(sample.CpuPercent);
        _extents[Memory].Add(sample.MemoryUsage);
        _extents[Limit].Add(sample.MemoryLimit);
        if (_last is { } last && now > _lastAt)
        {
            var seconds = (double)(now - _lastAt) / frequency;
            AddRate(NetworkRx, last.NetworkRx, sample.NetworkRx, seconds);
            AddRate(NetworkTx, last.NetworkTx, sample.NetworkTx, seconds);
            AddRate(DiskRead, last.DiskRead, sample.DiskRead, seconds);
            AddRate(DiskWrite, last.DiskWrite, sample.DiskWrite, seconds);
        }

        (_last, _lastAt) = (sample, now);
    }

    /// <summary>Adds a sample of the host.</summary>
    public void Add(HostStats sample)
    {
        Samples++;
        _extents[Cpu].Add(sample.CpuPercent);
        _extents[Memory].Add(sample.MemPercent);
        _extents[NetworkRx].Add(sample.NetBytesPerSec);
    }

    /// <summary>What the minute came to; the next one begins.</summary>
    public MinuteFigures Take(bool isHost)
    {
        var figures = isHost
            ? new MinuteFigures
            {
                Samples = Samples,
                CpuPercent = _extents[Cpu].ToList(),
                MemPercent = _extents[Memory].ToList(),
                NetBytesPerSec = _extents[NetworkRx].ToList(),
            }
            : new MinuteFigures
            {
                Samples = Samples,
                CpuPercent = _extents[Cpu].ToList(),
                MemoryUsage = _extents[Memory].ToList(),
                MemoryLimit = _extents[Limit].ToList(),
                NetworkRxBytesPerSec = _extents[NetworkRx].ToList(),
                NetworkTxBytesPerSec = _extents[NetworkTx].ToList(),
                DiskReadBytesPerSec = _extents[DiskRead].ToList(),
                DiskWriteBytesPerSec = _extents[DiskWrite].ToList(),
            };
        (_extents, Samples) = (default, 0);
        return figures;
    }

    private void AddRate(int figure, long before, long now, double seconds)
    {
        // A container that was started again counts from zero.
        if (now >= before)
        {
            _extents[figure].Add((now - before) / seconds);
        }
    }

    private struct Extent
    {
        private double _min;
        private double _max;
        private double _sum;
        private int _count;

        public void Add(double value)
        {
            _min = _count == 0 ? value : Math.Min(_min, value);
            _max = _count == 0 ? value : Math.Max(_max, value);
            _sum += value;
            _count++;
        }

        public readonly double[]? ToList() => _count == 0 ? null : [Short(_min), Short(_sum / _count), Short(_max)];

        /// <summary>A number with three significant digits: a chart shows no more.</summary>
        private static double Short(double value)
        {
            var scale = Math.Pow(10, Math.Max(0, Math.Ceiling(Math.Log10(Math.Abs(value) + 1)) - 3));
            return scale > 1 ? Math.Round(value / scale) * scale : Math.Round(value, 1);
        }
    }

    [InlineArray(Figures)]
    private struct Extents
    {
        private Extent _first;
    }
}
