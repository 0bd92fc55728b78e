using System.Globalization;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Connection;
using DockMon.Agent.Health;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams;

/// <summary>
/// Docker's events, without a hole. The stream is the agent's, not the connection's: it stays open while the link is down. When the
/// daemon goes away it is reopened from the last event seen; and because a daemon forgets its events when it restarts, what runs is
/// then compared with what ran, and the starts and ends that no event told of are told as Docker would have.
/// </summary>
internal sealed class EventStream(
    EngineClient engine, ContainerTracker tracker, ContainerListing listing, Outbound outbound, Random random, TimeProvider time, ILogger<EventStream> logger,
    Heartbeat? heartbeat = null)
{
    /// <summary>How long a reopened stream has to replay before what runs is compared.</summary>
    public static readonly TimeSpan ReplayTime = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, string[]> Filters = new() { ["type"] = ["container", "image"] };

    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15), random);
    private readonly RepeatedReason _failures = new();
    private readonly RecentEvents _recent = new();
    private long _lastTime;
    private long _replayEnd;
    private bool _baseline;

    /// <summary>Streams until <paramref name="ct"/> fires.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                heartbeat?.Beat();
                await StreamOnceAsync(ct);
                heartbeat?.Rest();
                await Task.Delay(_backoff.Next(), time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task StreamOnceAsync(CancellationToken ct)
    {
        using var closed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reconciling = Task.CompletedTask;
        void Opened()
        {
            reconciling = ReconcileAsync(closed.Token);
            heartbeat?.Rest();
        }

        try
        {
            if (_lastTime == 0)
            {
                // By the engine's clock: this machine's may be another.
                _lastTime = await EngineTimeAsync(ct);
            }

            _replayEnd = _lastTime;
            listing.Forget();
            await foreach (var e in engine.WatchEventsAsync(Since(), Filters, Opened, closed.Token))
            {
                heartbeat?.Beat();
                _failures.Clear();
                _backoff.Reset();
                Take(e);
                heartbeat?.Rest();
            }

            Log.EventsEnded(logger, "the engine closed the stream");
        }
        catch (EngineException e)
        {
            if (_failures.ShouldReport(e.Message, out var count))
            {
                Log.EventsFailed(logger, e.Message, count);
            }
        }
        finally
        {
            await closed.CancelAsync();
            await reconciling;
        }
    }

    private async Task ReconcileAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                try
                {
                    if (_baseline)
                    {
                        await Task.Delay(ReplayTime, time, ct);
                    }

                    await CompareAsync(ct);
                    return;
                }
                catch (EngineException e)
                {
                    Log.EventsFailed(logger, e.Message, 1);
                }

                await Task.Delay(ReplayTime, time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The stream ended again; the next one compares anew.
        }
    }

    private async Task CompareAsync(CancellationToken ct)
    {
        tracker.BeginCompare();
        var (started, missing) = tracker.Compare(await engine.ListContainersAsync(all: false, ct));
        if (!_baseline)
        {
            _baseline = true; // What ran before the agent did is no event.
            return;
        }

        Log.EventsReopened(logger, started.Count + missing.Count);
        foreach (var container in missing)
        {
            await TellEndAsync(container, ct);
        }

        foreach (var container in started)
        {
            Send(container, "start", Rfc3339.Format(time.GetUtcNow()), []);
        }
    }

    private async Task TellEndAsync(RunningContainer container, CancellationToken ct)
    {
        try
        {
            var state = (await engine.InspectContainerAsync(container.Id, ct)).State;
            if (state.Running)
            {
                return; // It was started again after the list was made; its event is on the way.
            }

            tracker.Forget(container.Id);
            Send(container, "die", state.FinishedAt ?? Rfc3339.Format(time.GetUtcNow()), new() { ["exitCode"] = state.ExitCode.ToString(CultureInfo.InvariantCulture) });
        }
        catch (EngineException e) when (e.IsMissing)
        {
            tracker.Forget(container.Id);
            Send(container, "destroy", Rfc3339.Format(time.GetUtcNow()), []);
        }
    }

    private void Take(EngineEvent e)
    {
        // A stream opened "since" repeats what was seen. Live events are never judged by their time: Docker stamps them before it sorts them out,
        // so that one may come before an older one.
        var seen = !_recent.Add(e);
        if (seen && e.TimeNano <= _replayEnd)
        {
            return;
        }

        _lastTime = Math.Max(_lastTime, e.TimeNano);
        if (e.Type == "image")
        {
            listing.ImageChanged();
            return;
        }

        if (e.Action is "start" or "restart")
        {
            listing.ContainerStarted(e.ActorId);
        }

        tracker.Apply(e);
        if (!IsNoise(e.Action))
        {
            Post(new ContainerEvent
            {
                ContainerId = e.ActorId,
                ContainerName = e.Attributes.GetValueOrDefault("name", ""),
                Image = e.Attributes.GetValueOrDefault("image", ""),
                Action = e.Action,
                Timestamp = Rfc3339.FormatUnixNanoseconds(e.TimeNano),
                Attributes = e.Attributes,
            });
        }
    }

    // A health check alone makes three of these every few seconds, and no server does anything with them.
    private static bool IsNoise(string action) =>
        action.StartsWith("exec_", StringComparison.Ordinal) || action is "top" or "attach" or "detach" || action.StartsWith("attach:", StringComparison.Ordinal);

    /// <summary>A second before the last event: an older one may have been overtaken by it. What comes twice is known by <see cref="RecentEvents"/>.</summary>
    private string Since() => string.Create(CultureInfo.InvariantCulture, $"{(_lastTime / 1_000_000_000) - (_baseline ? 1 : 0)}.{_lastTime % 1_000_000_000:000000000}");

    private async Task<long> EngineTimeAsync(CancellationToken ct)
    {
        var now = Rfc3339.TryParse((await engine.GetInfoAsync(ct)).SystemTime, out var told) ? told : time.GetUtcNow();
        return (now - DateTimeOffset.UnixEpoch).Ticks * 100;
    }

    private void Send(RunningContainer container, string action, string timestamp, Dictionary<string, string> attributes)
    {
        attributes["name"] = container.Name;
        attributes["image"] = container.Image;
        Post(new ContainerEvent
        {
            ContainerId = container.Id,
            ContainerName = container.Name,
            Image = container.Image,
            Action = action,
            Timestamp = timestamp,
            Attributes = attributes,
        });
    }

    private void Post(ContainerEvent e) =>
        outbound.PostEvent(FrameWriter.Event(EventNames.ContainerEvent, e, ProtocolJson.Default.ContainerEvent, time.GetUtcNow()));
}
