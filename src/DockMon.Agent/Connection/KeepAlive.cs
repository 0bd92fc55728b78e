using System.Net.WebSockets;
using DockMon.Agent.Delivery;
using DockMon.Agent.Threading;
using DockMon.Protocol;

namespace DockMon.Agent.Connection;

/// <summary>
/// Proves that a connection lives, and what arrived: sends a ping, and waits for its answer before it sends the next. .NET's own pings would not do:
/// it sends none to a server that says something now and then, and tells nobody of an answer.
/// </summary>
/// <param name="ping">Writes a ping: says how many frames taken from <paramref name="outbound"/> were written before it, and gets its number.</param>
/// <param name="outbound">What was sent, and is confirmed by the answers.</param>
/// <param name="time">The clock.</param>
internal sealed class KeepAlive(Func<Func<long, long>, CancellationToken, ValueTask> ping, Outbound outbound, TimeProvider time)
{
    /// <summary>How soon after a ping the next one goes out while something waits to be confirmed.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>Without an answer for so long, the connection is dead.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    private readonly AsyncSignal _pulse = new();
    private readonly Lock _gate = new();
    private readonly long _began = time.GetTimestamp();
    private long? _answered;
    private long? _pinged;
    private bool _isOut;
    private volatile bool _hurries;

    /// <summary>Has it look whether a ping is due.</summary>
    public void Wake() => _pulse.Set();

    /// <summary>From now on a ping follows what was sent at once: somebody waits for it.</summary>
    public void Hurry()
    {
        _hurries = true;
        Wake();
    }

    /// <summary>A ping was answered.</summary>
    public void OnPong(long number)
    {
        if (outbound.Confirm(number))
        {
            lock (_gate)
            {
                (_answered, _isOut) = (time.GetTimestamp(), false);
            }

            Wake();
        }
    }

    /// <summary>
    /// Pings until <paramref name="ended"/> fires, which leaves a ping that is being written alone: cut in the middle, it would spoil the goodbye.
    /// </summary>
    /// <returns>Why the connection is over.</returns>
    public async Task<ConnectionEnd> RunAsync(CancellationToken ended)
    {
        try
        {
            while (true)
            {
                var (isOut, wait) = Next();
                if (wait > TimeSpan.Zero)
                {
                    await _pulse.WaitAsync(wait, time, ended);
                }
                else if (isOut)
                {
                    return Dead();
                }
                else
                {
                    await PingAsync();
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return new ConnectionEnd("the other direction ended first");
        }
        catch (OperationCanceledException)
        {
            return Dead();
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            return new ConnectionEnd($"the connection broke: {e.Message}");
        }
    }

    /// <summary>Whether a ping is out, and how long to wait: for its answer, or with the next.</summary>
    public (bool IsOut, TimeSpan Wait) Next()
    {
        var (any, much) = outbound.Unconfirmed;
        lock (_gate)
        {
            if (_isOut)
            {
                return (true, TimeLeft());
            }

            // The first ping after a long silence goes out with what it confirms.
            var pace = !any ? ProtocolLimits.PingInterval : much || _hurries ? TimeSpan.Zero : Pace;
            return (false, any && _pinged is null ? TimeSpan.Zero : pace - time.GetElapsedTime(_pinged ?? _began));
        }
    }

    /// <summary>Writes a ping.</summary>
    public async ValueTask PingAsync()
    {
        TimeSpan left;
        lock (_gate)
        {
            (_pinged, _isOut) = (time.GetTimestamp(), true);
            left = TimeLeft();
        }

        // A server that reads nothing has the write wait.
        using var limit = new CancellationTokenSource(left, time);
        await ping(outbound.BeginPing, limit.Token);
    }

    private static ConnectionEnd Dead() => new($"the server has answered no ping for {Limit.TotalSeconds:0} s (timeout)");

    /// <summary>How long the answer of the ping that is out may take. A machine that slept for a minute has not missed it.</summary>
    private TimeSpan TimeLeft()
    {
        var (silence, ping) = (Limit - time.GetElapsedTime(_answered ?? _began), Limit - ProtocolLimits.PingInterval - time.GetElapsedTime(_pinged ?? _began));
        return silence > ping ? silence : ping;
    }
}
