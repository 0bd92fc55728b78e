using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Delivery;
using DockMon.Agent.Threading;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Logs;

/// <summary>
/// The log of one container as it is followed for a server, over restarts of the container and of the engine. Each frame needs a credit of the server; without
/// one nothing is read, the engine's buffers fill, and then the engine waits. So nothing is lost, and memory is bounded.
/// </summary>
internal sealed class LogStream(LogStreamRequest request, EngineClient engine, Outbound outbound, TimeProvider time) : IDisposable
{
    /// <summary>How often a container that does not run is looked at, after a while: nothing tells that it was removed.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(30);

    /// <summary>Shortest time between two readings. Some log drivers end while the container runs.</summary>
    public static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _credit = new(Math.Clamp(request.Credit ?? LogStreamRequest.DefaultCredit, 0, LogStreamRequest.MaxCredit));
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly AsyncSignal _started = new();
    private readonly LogBatch _batch = new(time);
    private readonly LogPosition _position = new();
    private LogEnd? _end;
    private long _seq;

    /// <summary>The container, as the server named it.</summary>
    public string ContainerId => request.ContainerId ?? "";

    /// <summary>The container's id, once it was judged; null before.</summary>
    public string? JudgedId { get; private set; }

    /// <summary>Lets so many frames more be sent.</summary>
    public void AddCredit(int frames) => Try(() =>
    {
        if (Math.Min(frames, LogStreamRequest.MaxCredit - _credit.CurrentCount) is var room and > 0)
        {
            _credit.Release(room);
        }
    });

    /// <summary>Ends it; the first reason counts.</summary>
    public void End(string reason, string? error = null) => Try(() =>
    {
        Interlocked.CompareExchange(ref _end, EndOf(reason, error), null);
        _ended.Cancel();
    });

    /// <summary>Ends it without a word: there is nobody to tell.</summary>
    public void Abandon()
    {
        Try(_abandoned.Cancel);
        End(LogEndReasons.Stopped);
    }

    /// <summary>A container has started.</summary>
    public void ContainerStarted(string id)
    {
        if (id == JudgedId)
        {
            _started.Set();
        }
    }

    /// <summary>Follows the log of a container.</summary>
    /// <param name="container">Its id.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="EngineException">It cannot be read.</exception>
    public async Task<LogEnd> RunAsync(string container)
    {
        JudgedId = container;
        try
        {
            return await FollowAsync(container, _ended.Token);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            return _end!;
        }
    }

    /// <summary>What is told of an end.</summary>
    public LogEnd EndOf(string reason, string? error = null) => new() { StreamId = request.StreamId!, Reason = reason, Error = error };

    /// <summary>Tells of the end, behind the last lines. It needs no credit.</summary>
    public async Task TellAsync(LogEnd end)
    {
        try
        {
            var frame = FrameWriter.Event(EventNames.LogEnd, end, ProtocolJson.Default.LogEnd, time.GetUtcNow());
            await (_abandoned.IsCancellationRequested ? ValueTask.CompletedTask : outbound.PostStreamAsync(frame, _abandoned.Token));
        }
        catch (OperationCanceledException) when (_abandoned.IsCancellationRequested)
        {
            // The connection went while it waited for room.
        }
    }

    public void Dispose()
    {
        _ended.Dispose();
        _abandoned.Dispose();
        _credit.Dispose();
    }

    // Whoever found it in the list may come after its end.
    private static void Try(Action change)
    {
        try
        {
            change();
        }
        catch (ObjectDisposedException)
        {
            // There is nothing left to change.
        }
    }

    private async Task<LogEnd> FollowAsync(string container, CancellationToken ct)
    {
        var options = new LogOptions
        {
            Tail = request.Tail is < 0 || (request.Tail is null && request.Since is not null) ? null : request.Tail ?? ContainerLogs.DefaultTail,
            Since = ContainerLogs.ParseTime(request.Since, "since"),
            Until = ContainerLogs.ParseTime(request.Until, "until"),
            Timestamps = true,
        };
        options = options with { Follow = options.Until is null };
        var (begin, backoff) = (Rfc3339.Format(time.GetUtcNow()), ReadInterval);
        while (true)
        {
            var began = time.GetTimestamp();
            try
            {
                await ReadAsync(container, options, ct);
                if (!options.Follow)
                {
                    return EndOf(LogEndReasons.Complete);
                }

                if (!await RunsAgainAsync(container, ct))
                {
                    return EndOf(LogEndReasons.Removed);
                }

                backoff = ReadInterval;
            }
            catch (EngineException e) when (e is EngineUnavailableException or EngineTimeoutException)
            {
                backoff = Longer(backoff); // It is on its way up again, as a rule.
            }
            catch (EngineException e) when (e.IsMissing && _position.Time is not null)
            {
                return EndOf(LogEndReasons.Removed);
            }

            await SendAsync(ct); // What a reading that broke has left.
            if (backoff - time.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            {
                await Task.Delay(left, time, ct);
            }

            options = options with { Tail = null, Since = _position.Time ?? options.Since ?? begin };
            _position.Continue();
        }
    }

    /// <summary>Waits until a container runs that has ended.</summary>
    /// <returns>False when it is gone.</returns>
    private async Task<bool> RunsAgainAsync(string container, CancellationToken ct)
    {
        for (var wait = ReadInterval; ; wait = Longer(wait))
        {
            try
            {
                if ((await engine.InspectContainerAsync(container, ct)).State.Running)
                {
                    return true;
                }
            }
            catch (EngineException e) when (e.IsMissing)
            {
                return false;
            }

            await _started.WaitAsync(wait, time, ct);
        }
    }

    private static TimeSpan Longer(TimeSpan wait) => wait * 2 < LookInterval ? wait * 2 : LookInterval;

    private async Task ReadAsync(string container, LogOptions options, CancellationToken ct)
    {
        var (lines, parsed) = (new LogLines(), new List<LogLine>());
        await using var pieces = engine.ReadLogsAsync(container, options, ct).GetAsyncEnumerator(ct);
        while (await NextAsync(pieces, ct))
        {
            lines.Add(pieces.Current, parsed);
            await AddAsync(parsed, ct);
            parsed.Clear();
        }

        await AddAsync(lines.TakeRest(), ct);
        await SendAsync(ct);
    }

    /// <summary>Waits for the next piece, and meanwhile sends what has waited long enough.</summary>
    private async Task<bool> NextAsync(IAsyncEnumerator<LogPiece> pieces, CancellationToken ct)
    {
        var next = pieces.MoveNextAsync();
        if (next.IsCompleted || _batch.IsEmpty)
        {
            return await next;
        }

        var moving = next.AsTask();
        try
        {
            using var came = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(moving, Task.Delay(_batch.Left > TimeSpan.Zero ? _batch.Left : TimeSpan.Zero, time, came.Token));
            await came.CancelAsync();
            if (!moving.IsCompleted)
            {
                await SendAsync(ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The reading ends by the same token, and has to before the engine's stream is let go.
        }

        return await moving;
    }

    private async Task AddAsync(IEnumerable<LogLine> lines, CancellationToken ct)
    {
        foreach (var line in lines.Where(_position.Add))
        {
            while (!_batch.TryAdd(line))
            {
                await SendAsync(ct);
            }
        }

        if (!_batch.IsEmpty && _batch.Left <= TimeSpan.Zero)
        {
            await SendAsync(ct);
        }
    }

    private async Task SendAsync(CancellationToken ct)
    {
        if (_batch.IsEmpty)
        {
            return;
        }

        await _credit.WaitAsync(ct);
        var data = new LogData { StreamId = request.StreamId!, Seq = ++_seq, Lines = _batch.Take() };
        await outbound.PostStreamAsync(FrameWriter.Event(EventNames.LogData, data, ProtocolJson.Default.LogData, time.GetUtcNow()), ct);
    }
}
