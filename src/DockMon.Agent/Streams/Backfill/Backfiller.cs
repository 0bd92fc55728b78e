using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Threading;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Backfill;

/// <summary>
/// What is measured while there is no connection, for a server that wants to have it afterwards (<see cref="ExtensionNames.StatsBackfill"/>): the last one
/// that was connected. For others nothing is measured, kept or sent.
/// </summary>
internal sealed class Backfiller
{
    /// <summary>How often something is measured meanwhile: figures of a minute need no more.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>Time between two frames, and how often it is looked whether there is nothing else to be sent.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConnectionState _connection;
    private readonly Outbound _outbound;
    private readonly TimeProvider _time;
    private readonly AsyncSignal _connected = new();
    private volatile bool _isWanted;

    public Backfiller(AgentContext context, ConnectionState connection, Outbound outbound)
    {
        (_connection, _outbound, _time) = (connection, outbound, context.Time);
        Minutes = new KeptMinutes(_time, context.CreateLogger<Backfiller>());
        connection.Connected += OnConnected;

        // What is in it may not be told any more.
        context.Policies.Changed += Minutes.Clear;
    }

    /// <summary>What is kept.</summary>
    public KeptMinutes Minutes { get; }

    /// <summary>Whether what is measured now is to be kept, because nobody hears it.</summary>
    public bool IsKeeping => _isWanted && !_connection.IsConnected;

    /// <summary>Sends what was kept after each connection, slowly: one frame at a time, and only when nothing else waits.</summary>
    public Task RunAsync(CancellationToken ct) => BackgroundLoop.RunAsync(SendAsync, ct);

    private void OnConnected(AuthSuccess auth)
    {
        _isWanted = auth.Uses(ExtensionNames.StatsBackfill);
        if (_isWanted)
        {
            Minutes.End();
            _connected.Set();
        }
        else
        {
            Minutes.Clear();
        }
    }

    private async Task SendAsync(CancellationToken ct)
    {
        while (true)
        {
            await _connected.WaitAsync(ct);
            while (_connection.Uses(ExtensionNames.StatsBackfill))
            {
                await Task.Delay(Pause, _time, ct);

                // What was sent before has arrived: what a broken connection loses is one frame, which is sent again.
                if (_outbound.HasPending || _outbound.Unconfirmed.Any)
                {
                    continue;
                }

                if (!_connection.Uses(ExtensionNames.StatsBackfill) || Minutes.TryTake() is not { } minutes)
                {
                    break;
                }

                _outbound.PostEvent(FrameWriter.Event(EventNames.StatsBackfill, minutes, ProtocolJson.Default.StatsBackfill, _time.GetUtcNow()));
            }
        }
    }
}
