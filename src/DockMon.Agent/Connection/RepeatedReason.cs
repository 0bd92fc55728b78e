using System.Numerics;

namespace DockMon.Agent.Connection;

/// <summary>Decides which of many failures are worth a line: each new reason at once, the same reason at growing intervals.</summary>
internal sealed class RepeatedReason
{
    private string? _reason;
    private int _count;

    /// <summary>Counts a failure.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="count">How often it failed for this reason in a row.</param>
    /// <returns>Whether to log it: the 1st, 2nd, 4th, 8th… time.</returns>
    public bool ShouldReport(string reason, out int count)
    {
        _count = reason == _reason ? _count + 1 : 1;
        _reason = reason;
        count = _count;
        return BitOperations.IsPow2(_count);
    }

    /// <summary>Forgets: the next failure is new.</summary>
    public void Clear() => (_reason, _count) = (null, 0);
}
