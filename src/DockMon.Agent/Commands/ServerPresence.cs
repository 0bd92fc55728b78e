using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;

namespace DockMon.Agent.Commands;

/// <summary>Whether anybody can be waiting for answers: not when the connection has been gone for longer than answers are kept.</summary>
internal sealed class ServerPresence : IDisposable
{
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private CancellationTokenSource _gone;

    public ServerPresence(ConnectionState connection, TimeProvider time)
    {
        _time = time;
        _gone = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        connection.Connected += _ => Arrive();
        connection.Disconnected += Leave;
    }

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

    public void Dispose() => _gone.Dispose();

    private void Arrive()
    {
        lock (_gate)
        {
            _gone.CancelAfter(Timeout.InfiniteTimeSpan);
            if (_gone.IsCancellationRequested)
            {
                _gone.Dispose();
                _gone = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
            }
        }
    }

    // The next connection may still take the answers.
    private void Leave()
    {
        lock (_gate)
        {
            _gone.CancelAfter(Outbound.AnswerLifetime);
        }
    }
}
