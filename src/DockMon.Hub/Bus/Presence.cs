using System.Data.Common;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using DockMon.Hub.Agents;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub.Bus;

/// <summary>
/// Tells the other hubs which agents are connected here, and keeps <see cref="Owners"/> true: by what the others tell, and by the database every
/// <see cref="Comparison"/> and whenever messages are missing.
/// </summary>
internal sealed partial class Presence : IAsyncDisposable
{
    /// <summary>Interval of the comparison with the database, which finds what no message told.</summary>
    public static readonly TimeSpan Comparison = TimeSpan.FromSeconds(30);

    private readonly HubLink _link;
    private readonly HubIdentity _self;
    private readonly Owners _owners;
    private readonly AgentRegistry _agents;
    private readonly EventFeed _feed;
    private readonly AgentSessions _sessions;
    private readonly IHosts _hosts;
    private readonly TimeProvider _time;
    private readonly ILogger<Presence> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<bool> _compare = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Task _beating = Task.CompletedTask;
    private Task _comparing = Task.CompletedTask;

    // It connects the parts that know nothing of each other.
    public Presence(
        HubLink link, HubIdentity self, Owners owners, AgentRegistry agents, EventFeed feed, AgentSessions sessions, IHosts hosts, TimeProvider time,
        ILogger<Presence> logger)
    {
        (_link, _self, _owners, _agents, _feed, _sessions, _hosts, _time, _logger) = (link, self, owners, agents, feed, sessions, hosts, time, logger);
        link.Received += Take;
        link.Missed += OnMissed;
        link.Changed += OnChanged;
        feed.WatchersChanged += SayBeat;
        feed.Forward = ForwardEvent;
    }

    /// <summary>Called with the id of another hub that is gone; with null when no other hub can be reached.</summary>
    public event Action<string?>? HubGone;

    /// <summary>
    /// Called with the id of a host whose agent has connected, to whichever hub; with null when other hubs can be reached again. Handlers return at once.
    /// </summary>
    public event Action<string?>? AgentConnected;

    /// <summary>Whether a host's agent is connected, to whichever hub.</summary>
    public bool IsConnected(string hostId) => _agents.IsConnected(hostId) || _owners.IsConnectedElsewhere(hostId);

    /// <summary>
    /// Whether, of all hubs, this one tells of a host: its agent is connected here or, when it is connected nowhere, this hub is the first of them.
    /// </summary>
    public bool TellsOf(string hostId) => _self.IsAlone || _agents.IsConnected(hostId)
        || (_link.IsUp && !_owners.IsConnectedElsewhere(hostId) && _owners.Hubs.All(hub => string.CompareOrdinal(_self.Id, hub) < 0));

    public async Task StartAsync(CancellationToken ct)
    {
        if (_self.IsAlone)
        {
            return;
        }

        await _link.StartAsync(ct);
        _beating = BeatAsync();
        _comparing = CompareAsync();
        _compare.Writer.TryWrite(true);
    }

    /// <summary>Says goodbye to the other hubs.</summary>
    public async Task StopAsync()
    {
        _link.Broadcast(new HubMessage(HubMessageKind.Leaving));
        await _stopping.CancelAsync();
        await _beating;
        await _comparing;
        await _link.StopAsync();
    }

    /// <summary>Makes a session the current one of its host, on all hubs; before the agent is told that it is registered.</summary>
    public async Task TakeAsync(AgentSession session, CancellationToken ct)
    {
        // No epoch: the host was removed just now.
        if (_self.IsAlone || await _sessions.TakeAsync(session.Host.Id, _self.Id, session.Id, ct) is not { } epoch)
        {
            return;
        }

        session.Epoch = epoch;
    }

    /// <summary>Tells that a session is there; after requests can reach it.</summary>
    public void Announce(AgentSession session)
    {
        if (session.Epoch > 0)
        {
            _owners.Set(new AgentSessionRecord(session.Host.Id, session.Epoch, _self.Id, session.Id), shown: true);
            Tell(HubMessageKind.Connected, session, comesBack: false);
        }
        else
        {
            _owners.Signal();
        }

        AgentConnected?.Invoke(session.Host.Id);
    }

    /// <summary>Tells that a session ended.</summary>
    /// <param name="session">The session.</param>
    /// <param name="comesBack">Whether it ended because this hub stops.</param>
    public async Task ReleaseAsync(AgentSession session, bool comesBack)
    {
        if (session.Epoch == 0)
        {
            return;
        }

        _owners.Set(new AgentSessionRecord(session.Host.Id, session.Epoch, null, session.Id), comesBack, shown: true);
        Tell(HubMessageKind.Disconnected, session, comesBack);
        try
        {
            await _sessions.ReleaseAsync(session.Host.Id, session.Epoch, CancellationToken.None);
        }
        catch (DbException e)
        {
            // The comparison does it later.
            Log.NotReleased(_logger, session.Host.Id, e.Message);
        }
    }

    /// <summary>Tells that a host was removed.</summary>
    public void HostRemoved(string hostId)
    {
        _owners.Remove(hostId);
        _link.Broadcast(new HubMessage(HubMessageKind.HostRemoved) { HostId = hostId });
    }

    /// <summary>Reads again to which hub an agent is connected.</summary>
    public async Task RefreshAsync(string hostId, CancellationToken ct)
    {
        if (await _sessions.FindAsync(hostId, ct) is { } session && _owners.Set(session))
        {
            await ShowAsync(_owners.Transitions(hostId), ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _feed.Forward = null;
        _feed.WatchersChanged -= SayBeat;
        await _stopping.CancelAsync();
        await _beating;
        await _comparing;
        _stopping.Dispose();
    }

    private void Tell(HubMessageKind kind, AgentSession session, bool comesBack) => _link.Broadcast(new HubMessage(kind)
    {
        HostId = session.Host.Id,
        Epoch = session.Epoch,
        SessionId = session.Id,
        Flag = comesBack,
        Data = JsonMarshal.GetRawUtf8Value(session.Host.Registration).ToArray(),
    });

    private void SayBeat() => _link.Broadcast(new HubMessage(HubMessageKind.Beat) { Flag = _feed.HasListeners });

    /// <summary>Sends an event of an own agent to the other hubs; samples only while one of them wants samples.</summary>
    private void ForwardEvent(string name, string hostId, ReadOnlySpan<byte> data)
    {
        if (_self.IsAlone)
        {
            return;
        }

        // The other hubs publish by themselves that a host connected or disconnected.
        if (name is FeedNames.HostConnected or FeedNames.HostDisconnected || (FeedNames.IsSample(name) && !_owners.OthersWatch))
        {
            return;
        }

        _link.Broadcast(new HubMessage(HubMessageKind.Feed) { HostId = hostId, Name = name, Data = data.ToArray() });
    }

    private void Gone(string hub)
    {
        Log.HubGone(_logger, hub);
        HubGone?.Invoke(hub);
        _compare.Writer.TryWrite(true);
    }

    private async Task BeatAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(Owners.Beat, _time);
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                SayBeat();

                // While the bus is down nobody can be heard, and nobody is gone for that.
                if (_link.IsUp)
                {
                    _owners.RemoveSilent().ForEach(Gone);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The hub stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(100, LogLevel.Warning, "Hub {Hub} is gone: its agents are disconnected until they are back on another one")]
        public static partial void HubGone(ILogger logger, string hub);

        [LoggerMessage(101, LogLevel.Error, "Cannot store that host {HostId} disconnected; it is tried again: {Reason}")]
        public static partial void NotReleased(ILogger logger, string hostId, string reason);

        [LoggerMessage(102, LogLevel.Error, "Cannot read which agents are connected to which hub; it is tried again: {Reason}")]
        public static partial void NotCompared(ILogger logger, string reason);
    }
}
