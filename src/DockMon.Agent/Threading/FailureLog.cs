using System.Numerics;

namespace DockMon.Agent.Threading;

/// <summary>
/// Decides which of many failures are worth a line: each new reason at once, the same reason at growing intervals, also when others come between.
/// </summary>
internal sealed class FailureLog
{
    /// <summary>How many reasons are told apart; whatever comes after these counts as one.</summary>
    public const int Limit = 16;

    private const string Other = "";
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts a failure.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="count">How often it failed for this reason.</param>
    /// <returns>Whether to log it: the 1st, 2nd, 4th, 8th… time.</returns>
    public bool ShouldReport(string reason, out int count)
    {
        var key = _counts.Count < Limit || _counts.ContainsKey(reason) ? reason : Other;
        count = _counts[key] = _counts.GetValueOrDefault(key) + 1;
        return BitOperations.IsPow2(count);
    }

    /// <summary>Forgets: the next failure is new.</summary>
    public void Clear() => _counts.Clear();
}
