namespace DockMon.Engine;

/// <summary>Bounds how long the engine may be silent in the middle of an answer: how long the whole of it takes is another matter.</summary>
internal sealed class SilenceLimit : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly string _doing;
    private readonly CancellationToken _ct;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;

    /// <param name="limit">How long, by <paramref name="time"/>.</param>
    /// <param name="doing">What the engine does meanwhile, for the message.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Gives up.</param>
    public SilenceLimit(TimeSpan limit, string doing, TimeProvider time, CancellationToken ct)
    {
        (_limit, _doing, _ct) = (limit, doing, ct);
        _timer = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(ct, _timer.Token);
    }

    /// <summary>Reads once. Between reads the clock stands still: then it is not the engine that is slow.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<CancellationToken, ValueTask<T>> read)
    {
        _timer.CancelAfter(_limit);
        try
        {
            return await read(_either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (_timer.IsCancellationRequested && !_ct.IsCancellationRequested)
        {
            throw new EngineTimeoutException($"timeout: the Docker engine was silent for {_limit.TotalSeconds:0} s while it {_doing}", e);
        }
        finally
        {
            _timer.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
    }
}
