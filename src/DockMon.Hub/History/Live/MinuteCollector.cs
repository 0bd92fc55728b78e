using DockMon.Hub.History.Blocks;

namespace DockMon.Hub.History.Live;

/// <summary>Rolls the samples of a series up to minutes, which wait here until they are written. Not thread-safe.</summary>
internal sealed class MinuteCollector
{
    /// <summary>Maximum number of minutes that wait: what an unavailable database may take.</summary>
    public const int MostWaiting = 60;

    private const int Seconds = 60;

    private readonly List<Rollup> _waiting = [];
    private RollupSum _sum;
    private long _minute;
    private int _dropped;

    /// <summary>When the last sample came, in seconds since 1970.</summary>
    public long LastAt { get; private set; }

    /// <summary>Whether nothing waits to be written.</summary>
    public bool IsEmpty => _waiting.Count == 0 && _sum.Count == 0;

    /// <summary>Adds a sample. When the clock of the hub is set back a little, samples count for the newest minute.</summary>
    public void Add(long second, ReadOnlySpan<double> values)
    {
        var minute = second - (second % Seconds);
        if (minute > _minute || minute < _minute - Seconds)
        {
            Close();
            _minute = minute;
        }

        LastAt = second;
        _sum.Add(values);
    }

    /// <summary>Adds the minutes that wait to a list, and the one that is not over with the samples it has.</summary>
    public void Read(List<Rollup> minutes)
    {
        minutes.AddRange(_waiting);
        if (_sum.Count > 0)
        {
            minutes.Add(_sum.ToRollup(_minute));
        }
    }

    /// <summary>Adds the minutes that are over to a list. They wait until <see cref="Forget"/>.</summary>
    /// <param name="second">Now, in seconds since 1970.</param>
    /// <param name="all">Whether the minute of now counts as over, too.</param>
    /// <param name="minutes">The list.</param>
    public void ReadCompleted(long second, bool all, List<Rollup> minutes)
    {
        if (all || second >= _minute + Seconds)
        {
            Close();
        }

        minutes.AddRange(_waiting);
    }

    /// <summary>Drops the minutes that have been written: those up to the start of one.</summary>
    /// <returns>Number of minutes that were lost since the last time, because too many waited.</returns>
    public int Forget(long start)
    {
        (var lost, _dropped) = (_dropped, 0);
        _waiting.RemoveAll(minute => minute.Start <= start);
        _waiting.Capacity = Math.Max(_waiting.Count, 4);
        return lost;
    }

    private void Close()
    {
        if (_sum.Count == 0)
        {
            return;
        }

        if (_waiting.Count >= MostWaiting)
        {
            _waiting.RemoveAt(0);
            _dropped++;
        }

        _waiting.Add(_sum.ToRollup(_minute));
        _sum = default;
    }
}
