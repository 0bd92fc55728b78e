using System.Data.Common;
using System.Threading.Channels;
using DockMon.Hub.Agents.Limits;

namespace DockMon.Hub.Storage.Tables;

/// <summary>
/// Writes events of all sessions: one queue, one transaction for all that wait. The answer to a ping waits for the events before it to be committed,
/// because an agent takes it for their delivery. While the database is away, little is read on; after <see cref="LongestWait"/> the session gives up,
/// and the agent keeps its events.
/// </summary>
internal sealed partial class EventWriter : IAsyncDisposable
{
    /// <summary>Maximum number of events of one transaction.</summary>
    public const int MostRows = 1000;

    /// <summary>Maximum size of the events of one transaction, in characters; a single one may be larger.</summary>
    private const int MostCharacters = 8 * 1024 * 1024;

    /// <summary>Maximum number of waiting events: more wait before the queue.</summary>
    private const int MostWaiting = 10_000;

    /// <summary>A host's events are counted off after so many new ones.</summary>
    private const int PruneInterval = 500;

    /// <summary>Timeout of an event. An agent takes a socket for dead after 40 s.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<Waiting> _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly Dictionary<string, int> _added = new(StringComparer.Ordinal);

    // Beside the writing, which after a restart would wait for every host. One that finds no room comes again with later events.
    private readonly Channel<string> _prunes = Channel.CreateBounded<string>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly LogLimit _told;
    private readonly Task _writing;
    private readonly Task _pruning;
    private int _waits;

    public EventWriter(Database database, TimeProvider time, ILogger<EventWriter> logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        _told = new LogLimit(time);
        _writing = Task.Run(WriteLoopAsync);
        _pruning = Task.Run(PruneLoopAsync);
    }

    /// <summary>Number of events that wait to be stored.</summary>
    public int Waits => Volatile.Read(ref _waits);

    /// <inheritdoc cref="IEvents.AddAsync"/>
    public async Task<bool> AddAsync(EventRow row, CancellationToken ct)
    {
        var waiting = new Waiting(row);
        Interlocked.Increment(ref _waits);
        try
        {
            var storing = _queue.Writer.TryWrite(waiting) ? waiting.Done.Task : StoreAsync();
            return await storing.WaitAsync(LongestWait, _time, ct);
        }
        catch (Exception e) when (e is TimeoutException or ChannelClosedException)
        {
            throw new EventsWaitException();
        }
        finally
        {
            // Nobody waits for it: the writer passes it over, unless it is just writing it.
            waiting.Done.TrySetCanceled(CancellationToken.None);
            Interlocked.Decrement(ref _waits);
        }

        async Task<bool> StoreAsync()
        {
            await _queue.Writer.WriteAsync(waiting, ct);
            return await waiting.Done.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        await _writing;
        await _pruning;
        _stop.Dispose();
    }

    private async Task WriteLoopAsync()
    {
        var batch = new List<Waiting>(MostRows);
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_stop.Token))
            {
                var characters = 0;
                while (batch.Count < MostRows && characters < MostCharacters && _queue.Reader.TryRead(out var waiting))
                {
                    batch.Add(waiting);
                    characters += waiting.Row.Payload.Length;
                }

                await WriteAsync(batch);
                batch.Clear();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The hub is stopping: what waits is kept by its agents.
        }
    }

    /// <summary>Writes a batch, as long as somebody waits for any of it.</summary>
    private async Task WriteAsync(List<Waiting> batch)
    {
        while (batch.RemoveAll(waiting => waiting.Done.Task.IsCompleted) >= 0 && batch.Count > 0)
        {
            try
            {
                var added = await _database.AddEventsAsync([.. batch.Select(waiting => waiting.Row)], _time.GetUtcNow(), _stop.Token);
                for (var i = 0; i < batch.Count; i++)
                {
                    batch[i].Done.TrySetResult(added[i]);
                }

                Count(batch.Where((_, i) => added[i]));
                return;
            }
            catch (DbException e) when (_database.IsAway(e))
            {
                if (_told.Happened(out _))
                {
                    Log.Waiting(_logger, batch.Count, _database.Name, e.InnerException?.Message ?? e.Message);
                }

                await Task.Delay(RetryInterval, _time, _stop.Token);
            }
            catch (DbException) when (batch.Count > 1)
            {
                // One of them cannot be stored: the others can, each by itself.
                foreach (var waiting in batch)
                {
                    await WriteAsync([waiting]);
                }

                return;
            }
            catch (DbException e)
            {
                batch[0].Done.TrySetException(e);
                return;
            }
        }
    }

    private void Count(IEnumerable<Waiting> added)
    {
        foreach (var (host, count) in added.CountBy(waiting => waiting.Row.HostId, StringComparer.Ordinal))
        {
            // Also with the first one: nobody knows how many there were before this start.
            var before = _added.GetValueOrDefault(host, -1);
            var after = before + count;
            var isDue = before < 0 || after >= PruneInterval;
            _added[host] = !isDue ? after : _prunes.Writer.TryWrite(host) ? after % PruneInterval : PruneInterval;
        }
    }

    private async Task PruneLoopAsync()
    {
        try
        {
            await foreach (var host in _prunes.Reader.ReadAllAsync(_stop.Token))
            {
                await PruneAsync(host);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The hub is stopping; the first event after its start begins anew.
        }
    }

    private async Task PruneAsync(string hostId)
    {
        try
        {
            await Events.PruneHostAsync(_database, hostId, _stop.Token);
        }
        catch (DbException e)
        {
            Log.NotPruned(_logger, hostId, e.Message);
        }
    }

    private sealed record Waiting(EventRow Row)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static partial class Log
    {
        [LoggerMessage(22, LogLevel.Warning, "{Count} events wait for the database {Name}, and their agents keep them as long: {Reason}")]
        public static partial void Waiting(ILogger logger, int count, string name, string reason);

        [LoggerMessage(23, LogLevel.Error, "Cannot remove the oldest events of host {HostId}, which has more than are kept: {Reason}")]
        public static partial void NotPruned(ILogger logger, string hostId, string reason);
    }
}
