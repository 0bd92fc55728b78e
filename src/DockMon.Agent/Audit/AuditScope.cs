using DockMon.Agent.Policies;

namespace DockMon.Agent.Audit;

/// <summary>Something that was begun, until it is recorded how it ended.</summary>
/// <param name="log">The log.</param>
/// <param name="entry">What it is.</param>
/// <param name="elapsed">Tells how long ago it was begun.</param>
internal sealed class AuditScope(AuditLog log, AuditEntry entry, Func<TimeSpan> elapsed)
{
    private int _isEnded;

    public AuditEntry Entry => entry;

    public TimeSpan Elapsed => elapsed();

    /// <summary>The number of its begin; null while that is not in the file. The writer of the log sets it.</summary>
    public long? Sequence { get; set; }

    /// <summary>What the policy said after it was begun: that it is not done. Null while it says nothing.</summary>
    public Decision? Refusal { get; set; }

    /// <summary>Whether an earlier run of the agent began it.</summary>
    public bool IsResumed { get; init; }

    /// <summary>Records that it was not done, or that it failed. Only the first end counts.</summary>
    /// <param name="error">What was thrown.</param>
    /// <param name="text">The same as the record has it.</param>
    public void Fail(Exception error, string text)
    {
        Refusal ??= (error as RefusedException)?.Decision;
        End(text);
    }

    /// <summary>Records its end. Only the first one counts.</summary>
    /// <param name="error">What went wrong; null for nothing.</param>
    public void End(string? error)
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            log.Ended(this, error ?? "ok");
        }
    }
}
