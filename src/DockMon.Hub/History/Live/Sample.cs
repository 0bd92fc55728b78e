using System.Runtime.CompilerServices;

namespace DockMon.Hub.History.Live;

/// <summary>The members of a sample, in the order of its <see cref="SampleShape"/>.</summary>
[InlineArray(SampleShape.MostMembers)]
internal struct SampleValues
{
    private long _first;
}

/// <summary>One sample of a container or host.</summary>
internal struct Sample
{
    /// <summary>The value of a member that the sample did not have.</summary>
    public const long Absent = long.MinValue;

    /// <summary>Time of receipt, in milliseconds since 1970.</summary>
    public long At;

    public SampleValues Values;

    /// <summary>A sample without any member.</summary>
    public static Sample CreateEmpty()
    {
        var sample = default(Sample);
        ((Span<long>)sample.Values).Fill(Absent);
        return sample;
    }
}
