using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub.Bus;

/// <summary>
/// What this hub knows of the other hubs and of which agent is connected to which: told by their messages, and read from the database where messages may
/// be missing. A hub that was not heard for <see cref="Silence"/> is gone, and its agents are disconnected.
/// </summary>
internal sealed class Owners(HubIdentity self, TimeProvider time)
{
    /// <summary>Interval of a hub's messages that it is there.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    /// <summary>Time after which a silent hub is gone.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>Time within which an agent whose hub went away usually is back.</summary>
    public static readonly TimeSpan ComeBack = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Other> _hubs = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = NewSignal();
    private long _version;

    /// <summary>A number that is another one after each change.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Whether another hub wants samples.</summary>
    public bool OthersWatch
    {
        get
        {
            lock (_gate)
            {
                return _hubs.Values.Any(hub => hub.Watches && IsHeard(hub));
            }
        }
    }

    /// <summary>Ids of the other hubs that are there.</summary>
    public IReadOnlyList<string> Hubs
    {
        get
        {
            lock (_gate)
            {
                return [.. _hubs.Where(hub => IsHeard(hub.Value)).Select(hub => hub.Key)];
            }
        }
    }

    /// <summary>The latest session of a host, as far as is known.</summary>
    public AgentSessionRecord? Find(string hostId)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(hostId)?.Session;
        }
    }

    /// <summary>Whether a host's agent is connected to another hub that is there.</summary>
    public bool IsConnectedElsewhere(string hostId)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(hostId, out var entry) && IsThere(entry) && entry.Session.HubId != self.Id;
        }
    }

    /// <summary>Whether an agent that is not connected was so until a moment ago, when its hub stopped.</summary>
    public bool MayComeBack(string hostId)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(hostId, out var entry) && time.GetUtcNow() < entry.ComesBackBefore;
        }
    }

    /// <summary>Takes what was said of a host. What is older than what is known does not count; of one epoch, disconnected does.</summary>
    /// <param name="session">The session.</param>
    /// <param name="comesBack">Whether the agent is about to connect to another hub.</param>
    /// <param name="shown">Whether the feed has it already.</param>
    /// <returns>Whether it was news.</returns>
    public bool Set(AgentSessionRecord session, bool comesBack = false, bool shown = false)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(session.HostId, out var entry)
                && (session.Epoch < entry.Session.Epoch || session.Epoch == entry.Session.Epoch && (session.HubId is not null || entry.Session.HubId is null)))
            {
                return false;
            }

            if (entry is null)
            {
                _entries[session.HostId] = entry = new Entry(session);
            }

            entry.Session = session;
            entry.ComesBackBefore = comesBack ? time.GetUtcNow() + ComeBack : default;
            if (shown)
            {
                (entry.Shown, entry.ShownEpoch) = (IsThere(entry), session.Epoch);
            }

            Signal();
            return true;
        }
    }

    /// <summary>Forgets a removed host.</summary>
    public void Remove(string hostId)
    {
        lock (_gate)
        {
            _entries.Remove(hostId);
            Signal();
        }
    }

    /// <summary>Ids of the hosts that are known.</summary>
    public List<string> HostIds()
    {
        lock (_gate)
        {
            return [.. _entries.Keys];
        }
    }

    /// <summary>Waits until a condition is true, which may become so when an agent connects or disconnects.</summary>
    public async Task UntilAsync(Func<bool> condition, CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
            }

            if (condition())
            {
                return;
            }

            await changed.WaitAsync(ct);
        }
    }

    /// <summary>Has those who wait look again.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            _version++;
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    /// <summary>Takes that a hub is there.</summary>
    /// <param name="hub">The hub.</param>
    /// <param name="watches">Whether it wants samples; null when it did not say.</param>
    /// <returns>Whether it was not there before.</returns>
    public bool Heard(string hub, bool? watches = null)
    {
        lock (_gate)
        {
            var known = _hubs.TryGetValue(hub, out var other) && IsHeard(other);
            _hubs[hub] = new Other(time.GetTimestamp(), watches ?? (known && other!.Watches));
            return !known;
        }
    }

    /// <summary>Takes that a hub is gone.</summary>
    public void Left(string hub)
    {
        lock (_gate)
        {
            _hubs.Remove(hub);
        }
    }

    /// <summary>Takes all known hubs as just heard: there was no way to hear them.</summary>
    public void HeardAll()
    {
        lock (_gate)
        {
            foreach (var (hub, other) in _hubs.ToList())
            {
                _hubs[hub] = other with { At = time.GetTimestamp() };
            }
        }
    }

    /// <summary>Removes the hubs that were not heard for too long.</summary>
    /// <returns>Their ids.</returns>
    public List<string> RemoveSilent()
    {
        lock (_gate)
        {
            var gone = _hubs.Where(hub => !IsHeard(hub.Value)).Select(hub => hub.Key).ToList();
            gone.ForEach(hub => _hubs.Remove(hub));
            return gone;
        }
    }

    /// <summary>Hosts of other hubs that connected or disconnected since the last call.</summary>
    /// <param name="hostId">Looks at this host only.</param>
    public List<(string HostId, bool Connected)> Transitions(string? hostId = null)
    {
        lock (_gate)
        {
            var found = new List<(string, bool)>();
            IEnumerable<Entry> entries = hostId is null ? _entries.Values : _entries.TryGetValue(hostId, out var one) ? [one] : [];
            foreach (var entry in entries)
            {
                var (connected, own) = (IsThere(entry), entry.Session.HubId == self.Id);

                // A host that connects again while it is connected is news as well, as it is on one hub.
                if (!own && (connected != entry.Shown || connected && entry.ShownEpoch != entry.Session.Epoch))
                {
                    found.Add((entry.Session.HostId, connected));
                }

                (entry.Shown, entry.ShownEpoch) = (connected, entry.Session.Epoch);
            }

            return found;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool IsHeard(Other hub) => time.GetElapsedTime(hub.At) < Silence;

    private bool IsThere(Entry entry) =>
        entry.Session.HubId is { } hub && (hub == self.Id || _hubs.TryGetValue(hub, out var other) && IsHeard(other));

    private sealed record Other(long At, bool Watches);

    private sealed class Entry(AgentSessionRecord session)
    {
        public AgentSessionRecord Session { get; set; } = session;

        public DateTimeOffset ComesBackBefore { get; set; }

        public bool Shown { get; set; }

        public long ShownEpoch { get; set; }
    }
}
