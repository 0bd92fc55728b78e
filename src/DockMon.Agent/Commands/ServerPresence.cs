using DockMon.Agent.Delivery;

namespace DockMon.Agent.Commands;

/// <summary>Whether anybody can be waiting for answers: not when the connection has been gone for longer than answers are kept.</summary>
internal sealed class ServerPresence(TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _gone = new(Timeout.InfiniteTimeSpan, time);

    /// <summary>Fires when nobody waits any more for what is asked now.</summary>
    public CancellationToken Gone
    {
        get
        {
            lock (_gate)
            {
                return _gone.Token;
            }
        }
    }

    /// <summary>There is a connection.</summary>
    public void Arrive()
    {
        lock (_gate)
        {
            _gone.CancelAfter(Timeout.InfiniteTimeSpan);
            if (_gone.IsCancellationRequested)
            {
                _gone.Dispose();
                _gone = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            }
        }
    }

    /// <summary>The connection is gone; the next one may still take the answers.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _gone.CancelAfter(Outbound.AnswerLifetime);
        }
    }

    public void Dispose() => _gone.Dispose();
}
