using System.Runtime.CompilerServices;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.History.Blocks;

/// <summary>Minimum, average and maximum of a metric; not numbers where there was no value.</summary>
internal readonly record struct Spread(float Min, float Avg, float Max)
{
    public static readonly Spread None = new(float.NaN, float.NaN, float.NaN);

    public bool HasValue => !float.IsNaN(Avg);
}

/// <summary>A value for each metric, in the order of the <see cref="SampleShape"/>.</summary>
[InlineArray(SampleShape.MostMetrics)]
internal struct Spreads
{
    private Spread _first;
}

/// <summary>What the samples of a minute, or of a longer time, come to.</summary>
internal struct Rollup
{
    /// <summary>When it starts, in seconds since 1970.</summary>
    public long Start;

    /// <summary>Number of samples.</summary>
    public int Count;

    public Spreads Values;

    /// <summary>A rollup without any value.</summary>
    public static Rollup Create(long start, int count)
    {
        var rollup = new Rollup { Start = start, Count = count };
        ((Span<Spread>)rollup.Values).Fill(Spread.None);
        return rollup;
    }
}

/// <summary>Sums up samples, or shorter rollups, to a rollup.</summary>
internal struct RollupSum
{
    private Sums _sums;

    /// <summary>Number of samples so far.</summary>
    public int Count { get; private set; }

    /// <summary>Adds one sample.</summary>
    public void Add(ReadOnlySpan<double> values)
    {
        Count++;
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsNaN(values[i]))
            {
                _sums[i].Add((float)values[i], values[i], (float)values[i], 1);
            }
        }
    }

    /// <summary>Adds a rollup with the weight of its samples.</summary>
    public void Add(in Rollup rollup)
    {
        Count += rollup.Count;
        for (var i = 0; i < SampleShape.MostMetrics; i++)
        {
            if (rollup.Values[i] is { HasValue: true } spread)
            {
                _sums[i].Add(spread.Min, spread.Avg, spread.Max, rollup.Count);
            }
        }
    }

    public readonly Rollup ToRollup(long start)
    {
        var rollup = new Rollup { Start = start, Count = Count };
        for (var i = 0; i < SampleShape.MostMetrics; i++)
        {
            rollup.Values[i] = _sums[i].ToSpread();
        }

        return rollup;
    }

    /// <summary>Sums rollups, which are ordered, up to longer ones.</summary>
    public static IEnumerable<Rollup> By(long step, IEnumerable<Rollup> rollups)
    {
        var sum = default(RollupSum);
        var start = 0L;
        foreach (var rollup in rollups)
        {
            var own = rollup.Start - (rollup.Start % step);
            if (own != start && sum.Count > 0)
            {
                yield return sum.ToRollup(start);
                sum = default;
            }

            start = own;
            sum.Add(rollup);
        }

        if (sum.Count > 0)
        {
            yield return sum.ToRollup(start);
        }
    }

    private struct Sum
    {
        private float _min;
        private float _max;
        private double _total;
        private long _weight;

        public void Add(float min, double avg, float max, int weight)
        {
            _min = _weight == 0 ? min : Math.Min(_min, min);
            _max = _weight == 0 ? max : Math.Max(_max, max);
            _total += avg * weight;
            _weight += weight;
        }

        public readonly Spread ToSpread() => _weight == 0 ? Spread.None : new Spread(_min, Math.Clamp((float)(_total / _weight), _min, _max), _max);
    }

    [InlineArray(SampleShape.MostMetrics)]
    private struct Sums
    {
        private Sum _first;
    }
}
