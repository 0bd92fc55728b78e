namespace DockMon.Agent.Threading;

/// <summary>
/// A time limit on an operation that its caller may cancel, too. <see cref="IsOver"/> tells the
/// two apart: an <see cref="OperationCanceledException"/> does not.
/// </summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _link;
    private readonly CancellationToken _caller;

    /// <summary>Starts the clock.</summary>
    /// <param name="limit">How long the operation may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="caller">Cancels the operation, whatever is left of its time.</param>
    public TimeLimit(TimeSpan limit, TimeProvider time, CancellationToken caller)
    {
        _caller = caller;
        _source = new CancellationTokenSource(limit, time);
        _link = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>What the operation gets: cancelled by the limit or by the caller.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the time is up, and the caller has not cancelled: what the caller wants goes first.</summary>
    public bool IsOver => _source.IsCancellationRequested && !_caller.IsCancellationRequested;

    public void Dispose()
    {
        _link.Dispose();
        _source.Dispose();
    }
}
