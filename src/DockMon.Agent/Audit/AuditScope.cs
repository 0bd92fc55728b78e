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

    /// <summary>Whether an earlier run of the agent began it.</summary>
    public bool IsResumed { get; init; }

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
