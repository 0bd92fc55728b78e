using System.Globalization;
using DockMon.Agent.Threading;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Events;

/// <summary>
/// Finds what no event told: compares what runs with what ran, and tells of the starts and ends as Docker would have. A daemon forgets its events when it
/// restarts; the agent sees none while it does not run itself; and one may have been too large to be read.
/// </summary>
internal sealed partial class EventComparison(
    AgentContext context, EngineClient engine, ContainerTracker tracker, EventReporter teller, KnownContainerStore known)
{
    /// <summary>Most that is told of the time when the agent did not run.</summary>
    public const int PastLimit = 500;

    private readonly TimeProvider _time = context.Time;
    private readonly ILogger _logger = context.CreateLogger<EventComparison>();
    private readonly FailureLog _reopened = new();
    private Queue<(RunningContainer Container, bool Runs)> _past = new();
    private bool _pastListed;
    private int _pastTold;
    private bool _baseline;

    /// <summary>Whether it is known what ran before.</summary>
    public bool HasBaseline => _baseline;

    /// <summary>What time it is for an engine, in nanoseconds: this machine's clock may be another.</summary>
    public static long Time(EngineInfo engine, TimeProvider time) =>
        Nanoseconds(engine.SystemTime) is > 0 and var told ? told : (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Compares once.</summary>
    public async Task CompareAsync(CancellationToken ct)
    {
        tracker.BeginCompare();
        // One that waits for its restart has died, and will start.
        List<ContainerSummary> list = [.. (await engine.ListContainersAsync(all: false, ct)).Where(container => container.State != "restarting")];
        known.EventHandled(Time(await engine.GetInfoAsync(ct), _time)); // None of these was started later.
        await context.Hidden.LearnAsync(list.Select(container => container.Id), ct);
        if (!_baseline)
        {
            await BeginAsync(list, ct);
            _baseline = true;
            return;
        }

        var (started, missing) = teller.Compare(list, _ => true);
        foreach (var container in started)
        {
            teller.ReportStart(container, Now());
        }

        foreach (var container in missing)
        {
            await ReportEndAsync(container, teller.ReportEnd, ct);
        }

        if (_reopened.ShouldReport(started.Count + missing.Count > 0 ? "changes" : "", out var count))
        {
            Log.EventsReopened(_logger, started.Count + missing.Count, count);
        }
    }

    /// <summary>The first comparison: what ran before the agent did is an event only where an earlier run of the agent knew otherwise.</summary>
    private async Task BeginAsync(List<ContainerSummary> list, CancellationToken ct)
    {
        var past = known.Past;
        var (started, _) = teller.Compare(list, container => past is not null && !past.Containers.ContainsKey(container.Id));
        if (past is not null && !_pastListed)
        {
            var running = list.Select(container => container.Id).ToHashSet(StringComparer.Ordinal);
            (_past, _pastListed) = (new(past.Containers.Values.Concat(started).Select(container => (container, running.Contains(container.Id)))), true);
        }

        // Where the engine goes away meanwhile, the next comparison goes on with those that are left.
        while (past is not null && _pastTold < PastLimit && _past.TryPeek(out var next))
        {
            _pastTold += await ReportMissedAsync(next.Container, past, next.Runs, ct) ? 1 : 0;
            _past.Dequeue();
        }

        if (past is not null)
        {
            Log.PastTold(_logger, _pastTold, _past.Count);
            _past.Clear();
        }

        known.Begin();
    }

    /// <returns>Whether there was something to tell.</returns>
    private async Task<bool> ReportMissedAsync(RunningContainer container, PastContainers past, bool runs, CancellationToken ct)
    {
        await context.Hidden.LearnAsync([container.Id], ct);
        if (!runs)
        {
            await ReportEndAsync(container, teller.ReportMissed, ct);
            return true;
        }

        if (await StateAsync(container, ct) is not { } state)
        {
            return false;
        }

        var started = Nanoseconds(state.StartedAt);
        if (past.Containers.ContainsKey(container.Id))
        {
            if (started <= past.LastEvent || started > known.Opened)
            {
                return false; // It runs as it did, or events tell.
            }

            // It ended and was started again. When it ended is not known where the power was cut.
            teller.ReportMissed(container, "die", Nanoseconds(state.FinishedAt) > past.LastEvent ? state.FinishedAt : state.StartedAt, []);
            teller.ReportMissed(container, "start", state.StartedAt, []);
            return true;
        }

        teller.ReportStart(container, started > 0 ? state.StartedAt : Now());
        return true;
    }

    private async Task ReportEndAsync(
        RunningContainer container,
        Action<RunningContainer, string, string, Dictionary<string, string>> tell,
        CancellationToken ct)
    {
        if (await StateAsync(container, ct) is not { } state)
        {
            tell(container, "destroy", Now(), []);
        }
        else if (!state.Running || state.Restarting)
        {
            var finished = Nanoseconds(state.FinishedAt) > 0 ? state.FinishedAt : Now();
            tell(container, "die", finished, state.Status.Length == 0 ? [] : new() { ["exitCode"] = state.ExitCode.ToString(CultureInfo.InvariantCulture) });
        }

        // Else it was started again after the list was made; its event is on the way.
    }

    /// <summary>What a container does; null when it is gone, and without a status when the engine cannot say.</summary>
    private async Task<ContainerState?> StateAsync(RunningContainer container, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectContainerAsync(container.Id, ct)).State;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
        catch (EngineException e) when (e is not EngineUnavailableException)
        {
            // One that hangs or is broken must not keep the others from being told of.
            Log.NotLookedAt(_logger, container.Name, e.Message);
            return new ContainerState();
        }
    }

    private static long Nanoseconds(string? time) => Rfc3339.TryParse(time, out var parsed) ? (parsed - DateTimeOffset.UnixEpoch).Ticks * 100 : 0;

    private string Now() => Rfc3339.Format(_time.GetUtcNow());

    private static partial class Log
    {
        [LoggerMessage(
            302,
            LogLevel.Information,
            "What runs was compared with what ran; {Changes} changes happened that no event told of (comparisons so far: {Count})")]
        public static partial void EventsReopened(ILogger logger, int changes, int count);

        [LoggerMessage(303, LogLevel.Information, "{Told} containers changed while the agent did not run, and are told of; {Left} more are not looked at")]
        public static partial void PastTold(ILogger logger, int told, int left);

        [LoggerMessage(306, LogLevel.Warning, "Container {Name} ended or started while nobody looked, and cannot be inspected: {Reason}")]
        public static partial void NotLookedAt(ILogger logger, string name, string reason);
    }
}
