namespace DockMon.Hub.Inventory;

/// <summary>What a container event says of a container, as far as it is kept.</summary>
/// <param name="ContainerId">Docker's id.</param>
/// <param name="Action">Docker's action.</param>
/// <param name="ExitCode">With <c>die</c>.</param>
internal sealed record WaitingEvent(string ContainerId, string Action, int ExitCode);

/// <summary>What is to be done for a host now.</summary>
/// <param name="HostId">The host.</param>
/// <param name="Events">Events since the last time, oldest first.</param>
/// <param name="ListDue">Whether to ask for a new list.</param>
internal sealed record HostWork(string HostId, IReadOnlyList<WaitingEvent> Events, bool ListDue);

/// <summary>
/// When which host's containers are to be listed: soon after its agent connects, after events that a list has to explain (at most one list a second),
/// and every few minutes. One piece of work at a time for a host.
/// </summary>
internal sealed class HostSchedule(TimeProvider time, Random random)
{
    /// <summary>Maximum number of events that wait; beyond it a list tells what they would have.</summary>
    public const int MostEvents = 1000;

    /// <summary>Delay of the first list, and the shortest time between two.</summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromSeconds(1);

    /// <summary>How long an event counts for more than a list that contradicts it.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    /// <summary>Time between two lists of a host of which nothing is heard; up to a quarter more, at random.</summary>
    public static readonly TimeSpan Refresh = TimeSpan.FromMinutes(4);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Entry, DateTimeOffset> _due = new();
    private TaskCompletionSource _changed = New();

    /// <summary>Asks for a list of a host whose agent connected. After a restart of the hub they come by and by, not all at once.</summary>
    public void Connected(string hostId) => Change(hostId, entry => entry.Want(time.GetUtcNow() + (Spacing * (1 + random.NextDouble()))));

    /// <summary>Takes in an event.</summary>
    public void Happened(string hostId, WaitingEvent e) => Change(hostId, entry =>
    {
        if (entry.Events.Count < MostEvents)
        {
            entry.Hear(e.ContainerId, time.GetUtcNow());
            entry.Events.Add(e);
            entry.EventsDue = true;
        }
        else
        {
            entry.Want(entry.NextList(time.GetUtcNow()));
        }
    });

    /// <summary>Containers of a host of which an event came within the last <see cref="Settling"/>.</summary>
    public IReadOnlyCollection<string> JustHeard(string hostId)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(hostId)?.JustHeard(time.GetUtcNow()) ?? [];
        }
    }

    /// <summary>Waits for the next work; the caller calls <see cref="Done"/> afterwards.</summary>
    public async Task<HostWork> TakeAsync(CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            TimeSpan wait;
            lock (_gate)
            {
                if (TryTake(time.GetUtcNow(), out wait) is { } work)
                {
                    return work;
                }

                changed = _changed.Task;
            }

            using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(changed, Task.Delay(wait, time, timer.Token));
            await timer.CancelAsync();
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends the work for a host.</summary>
    /// <param name="work">What was taken.</param>
    /// <param name="listWanted">Whether the events of it want a new list.</param>
    /// <param name="retryAfter">When to try again after a failure; null after a success.</param>
    public void Done(HostWork work, bool listWanted, TimeSpan? retryAfter = null) => Change(work.HostId, entry =>
    {
        var now = time.GetUtcNow();
        entry.Working = false;
        if (work.ListDue)
        {
            entry.ListedAt = now;
            entry.Want(now + (retryAfter ?? (Refresh * (1 + (random.NextDouble() / 4)))));

            // For a moment after an event, the engine still lists what was before.
            listWanted |= entry.WantedAt + Spacing > entry.TakenAt;
        }
        else if (listWanted)
        {
            entry.WantedAt = now;
        }

        if (listWanted)
        {
            entry.Want(now + Spacing);
        }
    });

    /// <summary>Ends the work for a host whose agent is gone, and forgets the host unless its agent has come back meanwhile.</summary>
    public void Gone(HostWork work) => Change(work.HostId, entry =>
    {
        entry.Working = false;
        if (entry.Due(time.GetUtcNow()) is null)
        {
            _entries.Remove(work.HostId);
        }
    });

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Change(string hostId, Action<Entry> change)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(hostId, out var entry))
            {
                _entries[hostId] = entry = new Entry(hostId);
            }

            change(entry);
            if (entry.Working || entry.Due(time.GetUtcNow()) is not { } due || entry.Queued <= due)
            {
                return;
            }

            entry.Queued = due;
            _due.Enqueue(entry, due);
            _changed.TrySetResult();
            _changed = New();
        }
    }

    private HostWork? TryTake(DateTimeOffset now, out TimeSpan wait)
    {
        while (_due.TryPeek(out var entry, out var due))
        {
            // Another place in the queue may have been taken since; an entry that was forgotten has none.
            if (entry.Queued != due || entry.Working || !_entries.TryGetValue(entry.HostId, out var current) || current != entry)
            {
                _due.Dequeue();
                continue;
            }

            if (due > now)
            {
                wait = due - now;
                return null;
            }

            _due.Dequeue();
            wait = TimeSpan.Zero;
            return entry.Take(now);
        }

        wait = Timeout.InfiniteTimeSpan;
        return null;
    }

    private sealed class Entry(string hostId)
    {
        private readonly Dictionary<string, DateTimeOffset> _heard = new(StringComparer.Ordinal);
        private DateTimeOffset? _listDue;

        public string HostId => hostId;

        public List<WaitingEvent> Events { get; private set; } = [];

        public bool EventsDue { get; set; }

        public bool Working { get; set; }

        public DateTimeOffset? ListedAt { get; set; }

        /// <summary>When events last wanted a list.</summary>
        public DateTimeOffset? WantedAt { get; set; }

        public DateTimeOffset TakenAt { get; private set; }

        public DateTimeOffset? Queued { get; set; }

        public void Hear(string containerId, DateTimeOffset now)
        {
            if (_heard.Count >= MostEvents)
            {
                _ = JustHeard(now);
            }

            _heard[containerId] = now;
        }

        public IReadOnlyCollection<string> JustHeard(DateTimeOffset now)
        {
            foreach (var (id, at) in _heard)
            {
                if (at + Settling <= now)
                {
                    _heard.Remove(id);
                }
            }

            return [.. _heard.Keys];
        }

        public DateTimeOffset NextList(DateTimeOffset now) => ListedAt + Spacing is { } next && next > now ? next : now;

        public void Want(DateTimeOffset at) => _listDue = _listDue is { } earlier && earlier < at ? earlier : at;

        public DateTimeOffset? Due(DateTimeOffset now) => EventsDue ? now : _listDue;

        public HostWork Take(DateTimeOffset now)
        {
            var work = new HostWork(hostId, Events, _listDue <= now);
            (Working, EventsDue, Queued, Events, TakenAt) = (true, false, null, [], now);
            if (work.ListDue)
            {
                _listDue = null;
            }

            return work;
        }
    }
}
