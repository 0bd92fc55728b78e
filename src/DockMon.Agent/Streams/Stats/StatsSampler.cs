using DockMon.Agent.Hosting;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Streams.Backfill;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Streams.Stats.Kernel;
using DockMon.Agent.Threading;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Stats;

/// <summary>
/// Samples of every running container, all of one moment: read from the kernel where it shows the container, else asked from the engine.
/// </summary>
internal sealed partial class StatsSampler
{
    private readonly KernelSource _kernel;
    private readonly SampleSender _sender;
    private readonly HiddenContainers _hidden;
    private readonly Schedule _cadence;
    private readonly Schedule _slowCadence;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SampledContainers _watches;
    private readonly SourceChooser _chooser;
    private readonly EngineSampler _engineSampler;
    private readonly FailureLog _failures = new();
    private readonly List<ContainerSampling> _now = [];
    private readonly List<ContainerSampling> _byEngine = [];
    private readonly List<ContainerStats> _samples = [];
    private CancellationTokenSource? _rounds;
    private Task _round = Task.CompletedTask;
    private Task _learning = Task.CompletedTask;

    /// <param name="context">How often, and from where.</param>
    /// <param name="engine">Knows first processes, and figures the kernel does not show.</param>
    /// <param name="tracker">Knows what runs.</param>
    /// <param name="kernel">Reads what the kernel shows.</param>
    /// <param name="own">The container the agent runs in.</param>
    /// <param name="sender">Takes the samples.</param>
    public StatsSampler(AgentContext context, EngineClient engine, ContainerTracker tracker, KernelSource kernel, OwnContainer own, SampleSender sender)
    {
        var (options, time, logger) = (context.Options, context.Time, context.CreateLogger<StatsSampler>());
        (_kernel, _sender, _hidden, _time, _logger) = (kernel, sender, context.Hidden, time, logger);
        _cadence = new Schedule(options.StatsInterval, time);
        _slowCadence = new Schedule(options.StatsInterval > Backfiller.Period ? options.StatsInterval : Backfiller.Period, time);
        _watches = new SampledContainers(tracker);
        _chooser = new SourceChooser(options.StatsSource, new FirstProcessFinder(engine, time, logger), kernel, own, new StatsNotices(options, logger), time);
        _engineSampler = new EngineSampler(engine, sender, time, options.StatsInterval, logger);
    }

    /// <summary>Begins to follow what runs.</summary>
    /// <param name="changed">Called when that has changed, on any thread.</param>
    public void Open(Action changed) => _watches.Open(changed);

    /// <summary>Samples if it is time to.</summary>
    /// <returns>When to be called again; null when something has to change first: nobody listens, or nothing runs.</returns>
    public async ValueTask<TimeSpan?> AdvanceAsync(CancellationToken ct)
    {
        CloseEnded();
        if (_watches.IsEmpty || !_sender.HasListener)
        {
            await PauseAsync();
            return null;
        }

        var (cadence, other) = _sender.IsKeeping ? (_slowCadence, _cadence) : (_cadence, _slowCadence);
        other.Stop();
        if (cadence.TryRun())
        {
            await TickAsync(ct);
        }

        return cadence.Wait;
    }

    /// <summary>Ends it.</summary>
    /// <param name="ct">What told the questions under way to stop.</param>
    public async Task CloseAsync(CancellationToken ct)
    {
        _watches.Close();
        CloseEnded();
        try
        {
            await Task.WhenAll(_chooser.Asking, _round, _learning);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // They were told to stop, too.
        }

        _rounds?.Dispose();
    }

    private async ValueTask PauseAsync()
    {
        if (_cadence.Stop() | _slowCadence.Stop())
        {
            await StopRoundAsync();
            _now.ForEach(watch => watch.Forget());
        }
    }

    // A round lasts most of an interval, which may be hours, and the host's figures are the same loop's.
    private async ValueTask StopRoundAsync()
    {
        if (_rounds is not { } rounds)
        {
            return;
        }

        await rounds.CancelAsync();
        try
        {
            await _round;
        }
        catch (OperationCanceledException) when (rounds.IsCancellationRequested)
        {
            // Nobody wants to know any more.
        }

        rounds.Dispose();
        (_rounds, _round) = (null, Task.CompletedTask);
    }

    private async Task TickAsync(CancellationToken ct)
    {
        _watches.CopyTo(_now);
        if (_hidden.IsActive && _learning.IsCompleted)
        {
            // As a rule it is known from the events. Not after a change of the policy, and not where the engine did not tell.
            await _learning;
            _learning = _hidden.LearnAsync(_now.Select(watch => watch.Id), ct);
        }

        await _chooser.AdvanceAsync(_now, ct);
        if (TryBeginKernel())
        {
            var timestamp = Rfc3339.Format(_time.GetUtcNow());
            foreach (var watch in _now)
            {
                Read(watch, timestamp);
            }
        }

        _sender.Send(_samples);
        _samples.Clear();
        if (_round.IsCompleted)
        {
            await _round;
            _byEngine.Clear();
            _byEngine.AddRange(_now.Where(watch => watch.Stage == SamplingStage.Engine));
            _rounds ??= CancellationTokenSource.CreateLinkedTokenSource(ct);
            _round = _byEngine.Count == 0 ? Task.CompletedTask : _engineSampler.RoundAsync(_byEngine, _rounds.Token);
        }
    }

    private bool TryBeginKernel()
    {
        try
        {
            _kernel.Begin();
            _failures.Clear();
            return true;
        }
        catch (IOException e)
        {
            if (_failures.ShouldReport(e.Message, out var count))
            {
                Log.KernelUnreadable(_logger, e.Message, count);
            }

            return false;
        }
    }

    private void Read(ContainerSampling watch, string timestamp)
    {
        if (watch.Files is not { } files)
        {
            return;
        }

        try
        {
            if (watch.Since(_kernel.Read(files), timestamp) is { } sample)
            {
                _samples.Add(sample);
            }
        }
        catch (IOException)
        {
            // It ended. The event that says so is on the way; none is when it ended and was started again while the engine itself was restarted.
            watch.Suspend(_time.GetTimestamp());
        }
    }

    // Files are closed by the loop, which reads them.
    private void CloseEnded()
    {
        while (_watches.TryTakeEnded(out var watch))
        {
            watch.Suspend(since: null);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(315, LogLevel.Warning, "The host's /proc cannot be read: {Reason} (failed tries for this reason: {Count})")]
        public static partial void KernelUnreadable(ILogger logger, string reason, int count);
    }
}
