using System.Globalization;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Health;
using DockMon.Agent.Threading;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Events;

/// <summary>
/// Docker's events, without a hole. The stream is the agent's, not the connection's: it stays open while the link is down. When the
/// daemon goes away it is reopened from the last event seen; and because a daemon forgets its events when it restarts, what runs is
/// then compared with what ran. See <see cref="EventComparison"/>, which also asks for what an event may have said that could not be read.
/// </summary>
internal sealed partial class EventStream(
    AgentContext context,
    EngineClient engine,
    EventComparison comparison,
    EventReporter teller,
    KnownContainerStore known,
    ContainerListing listing)
{
    /// <summary>How long a reopened stream has to replay before what runs is compared.</summary>
    public static readonly TimeSpan ReplayTime = TimeSpan.FromSeconds(2);

    /// <summary>A stream that lived so long was no failed try: what is wrong afterwards is new.</summary>
    public static readonly TimeSpan Lasting = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(15);
    private static readonly Dictionary<string, string[]> Filters = new() { ["type"] = ["container", "image"] };

    private readonly TimeProvider _time = context.Time;
    private readonly ILogger _logger = context.CreateLogger<EventStream>();
    private readonly LoopHealth _loop = context.Loops.Events;
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), LongestDelay, context.Random);
    private readonly FailureLog _failures = new();
    private readonly FailureLog _comparisonFailures = new();
    private readonly RecentEvents _recent = new();
    private long _lastTime;
    private long _replayEnd;
    private volatile bool _unread;

    /// <summary>Streams until <paramref name="ct"/> fires.</summary>
    public Task RunAsync(CancellationToken ct) => BackgroundLoop.RunAsync(StreamAsync, ct);

    private async Task StreamAsync(CancellationToken ct)
    {
        while (true)
        {
            _loop.Running();
            var opened = _time.GetTimestamp();
            var (reason, failed) = await StreamOnceAsync(ct);
            if (_time.GetElapsedTime(opened) >= Lasting)
            {
                _failures.Clear();
                _backoff.Reset();
            }

            if (_failures.ShouldReport(reason, out var count))
            {
                Report(reason, failed, count);
            }

            _loop.Idle();
            await Task.Delay(_backoff.Next(), _time, ct);
        }
    }

    private void Report(string reason, bool failed, int count)
    {
        if (failed)
        {
            Log.EventsFailed(_logger, reason, count);
        }
        else
        {
            Log.EventsEnded(_logger, reason, count);
        }
    }

    /// <returns>Why the stream ended, and whether that is a failure.</returns>
    private async Task<(string Reason, bool Failed)> StreamOnceAsync(CancellationToken ct)
    {
        using var closed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reconciling = Task.CompletedTask;
        void Opened()
        {
            reconciling = ReconcileAsync(closed.Token);
            _loop.Idle();
        }

        try
        {
            if (_lastTime == 0)
            {
                var info = await engine.GetInfoAsync(ct);
                _lastTime = EventComparison.Time(info, _time);
                known.Open(info, _lastTime);
            }

            _replayEnd = _lastTime;
            listing.Forget();
            await foreach (var e in engine.WatchEventsAsync(Since(), Filters, Opened, closed.Token))
            {
                _loop.Running();
                await context.Hidden.LearnAsync(e.Type == "container" ? [e.ActorId] : [], closed.Token);
                HandleEvent(e);
                if (_unread && reconciling.IsCompleted)
                {
                    await reconciling;
                    reconciling = ReconcileAsync(closed.Token);
                }

                _loop.Idle();
            }

            return ("the engine closed the stream", false);
        }
        catch (EngineException e)
        {
            return (e.Message, true);
        }
        finally
        {
            await closed.CancelAsync();
            await reconciling;
        }
    }

    private async Task ReconcileAsync(CancellationToken ct)
    {
        var delay = ReplayTime;
        try
        {
            while (true)
            {
                if (comparison.HasBaseline)
                {
                    await Task.Delay(delay, _time, ct);
                }

                try
                {
                    _unread = false;
                    await comparison.CompareAsync(ct);
                    _comparisonFailures.Clear();
                    if (!_unread)
                    {
                        return;
                    }
                }
                catch (EngineException e)
                {
                    if (_comparisonFailures.ShouldReport(e.Message, out var count))
                    {
                        Log.NotCompared(_logger, e.Message, count);
                    }

                    delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
                    await Task.Delay(comparison.HasBaseline ? TimeSpan.Zero : delay, _time, ct);
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The stream ended again; the next one compares anew.
        }
    }

    private void HandleEvent(EngineEvent e)
    {
        if (e.IsUnreadable)
        {
            // It may have been about anything.
            _unread = true;
            listing.Forget();
            return;
        }

        // A stream opened "since" repeats what was seen. Live events are never judged by their time: Docker stamps them before it sorts them out,
        // so that one may come before an older one.
        var seen = !_recent.Add(e);
        if (seen && e.TimeNano <= _replayEnd)
        {
            return;
        }

        _lastTime = Math.Max(_lastTime, e.TimeNano);
        known.EventHandled(_lastTime);
        if (e.Type == "image")
        {
            listing.ImageChanged();
            return;
        }

        if (e.Action is "start" or "restart")
        {
            listing.ContainerStarted(e.ActorId);
        }

        teller.Report(e);
        if (e.Action == "destroy")
        {
            context.Hidden.Forget(e.ActorId);
        }
    }

    /// <summary>A second before the last event: an older one may have been overtaken by it. What comes twice is known by <see cref="RecentEvents"/>.</summary>
    private string Since() => string.Create(
        CultureInfo.InvariantCulture, $"{(_lastTime / 1_000_000_000) - (comparison.HasBaseline ? 1 : 0)}.{_lastTime % 1_000_000_000:000000000}");

    private static partial class Log
    {
        [LoggerMessage(300, LogLevel.Information, "The stream of Docker's events ended: {Reason} (for this reason so far: {Count})")]
        public static partial void EventsEnded(ILogger logger, string reason, int count);

        [LoggerMessage(301, LogLevel.Warning, "Docker's events cannot be read: {Reason} (failed tries for this reason: {Count})")]
        public static partial void EventsFailed(ILogger logger, string reason, int count);

        [LoggerMessage(307, LogLevel.Warning, "What runs cannot be compared with what ran: {Reason} (failed tries for this reason: {Count})")]
        public static partial void NotCompared(ILogger logger, string reason, int count);
    }
}
