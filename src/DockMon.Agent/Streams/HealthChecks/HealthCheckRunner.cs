using DockMon.Agent.Commands;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Threading;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>
/// The server's health checks: one loop and one timer for all of them. They go on while the link is down; their results do not wait for it,
/// because the next one says more.
/// </summary>
internal sealed partial class HealthCheckRunner(
    Func<HealthCheck, CancellationToken, Task<HealthCheckResult>> check,
    PolicySource policies,
    RequestGate gate,
    ConnectionState connection,
    Outbound outbound,
    TimeProvider time,
    ILogger<HealthCheckRunner> logger) : IDisposable
{
    /// <summary>Most checks that run at once.</summary>
    public const int MostAtOnce = 32;

    private readonly long _origin = time.GetTimestamp();
    private readonly HealthSchedule _schedule = new();
    private readonly Lock _gate = new();
    private readonly List<Task> _runs = [];
    private readonly AsyncSignal _pulse = new();
    private readonly HealthCheckAudit _audit = new(gate);
    private CancellationTokenSource _allowed = new();
    private int _running;

    private TimeSpan Now => time.GetElapsedTime(_origin);

    /// <summary>Adds the handlers of its messages.</summary>
    public void AddTo(Routes routes)
    {
        var messages = routes.Messages;
        messages[FrameTypes.HealthCheckConfigsSync] = payload => Replace(HealthCheckReader.ReadAll(payload, reason => Log.LeftOut(logger, reason)));
        messages[FrameTypes.HealthCheckConfig] = payload => Put(HealthCheckReader.Read(payload));
        messages[FrameTypes.HealthCheckConfigRemove] = payload =>
            Remove(Route.Read(payload, ProtocolJson.Default.ContainerReference).ContainerId ?? throw new CommandException("container_id is missing"));
    }

    public void Replace(IReadOnlyList<HealthCheck> checks)
    {
        Change(() => _schedule.Replace(checks, Now));
        Log.Configured(logger, checks.Count);
    }

    public void Put(HealthCheck changed) => Change(() => _schedule.Put(changed, Now));

    public void Remove(string containerId) => Change(() => _schedule.Remove(containerId));

    /// <summary>Checks until <paramref name="ct"/> fires.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await BackgroundLoop.RunAsync(StartAllAsync, ct);
        await Task.WhenAll(_runs);
    }

    /// <summary>Ends those that run. What another policy still allows runs again at its next beat.</summary>
    public async Task RecheckAsync()
    {
        var before = Interlocked.Exchange(ref _allowed, new CancellationTokenSource());
        await before.CancelAsync();
        before.Dispose();
    }

    public void Dispose() => _allowed.Dispose();

    private async Task StartAllAsync(CancellationToken ct)
    {
        await using var timer = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (true)
        {
            timer.Change(StartDue(ct), Timeout.InfiniteTimeSpan);
            await _pulse.WaitAsync(ct);
        }
    }

    /// <summary>Starts what is due.</summary>
    /// <returns>How long until there is something to do again; infinite when only a change or the end of a run can bring it.</returns>
    private TimeSpan StartDue(CancellationToken ct)
    {
        var now = Now;
        IReadOnlyList<(HealthSchedule.Entry Entry, HealthCheck Check)> due;
        TimeSpan wait;
        lock (_gate)
        {
            due = [.. _schedule.TakeDue(now, MostAtOnce - _running).Select(entry => (entry, entry.Check))];
            _running += due.Count;
            wait = _running < MostAtOnce && _schedule.NextDue() is { } next ? next - now : Timeout.InfiniteTimeSpan;
        }

        _runs.RemoveAll(run => run.IsCompleted);
        var allowed = _allowed.Token;
        _runs.AddRange(due.Select(item => Task.Run(() => RunOneAsync(item.Entry, item.Check, allowed, ct), CancellationToken.None)));
        return wait;
    }

    private async Task RunOneAsync(HealthSchedule.Entry entry, HealthCheck current, CancellationToken allowed, CancellationToken ct)
    {
        HealthCheckResult? result = null;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(allowed, ct);
        try
        {
            result = await IsAllowedAsync(entry, current, end.Token) ? await check(current, end.Token) : null;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The agent stops, or the policy is another one.
        }
        finally
        {
            Finish(entry, current, result);
        }
    }

    /// <summary>Whether the policy allows it. It is judged once, so that a refusal is told once.</summary>
    private async Task<bool> IsAllowedAsync(HealthSchedule.Entry entry, HealthCheck current, CancellationToken ct)
    {
        var policy = policies.Current;
        if (entry.Judged is { } judged && ReferenceEquals(judged.By, policy))
        {
            return judged.IsAllowed;
        }

        try
        {
            var container = await gate.EnsureAllowedAsync(HostActions.HealthChecks, Subject.OfContainer(current.Config.ContainerId), ct);
            if (container is null)
            {
                // As one for a hidden container; asked again at the next beat, for it may come yet.
                Log.NotJudged(logger, current.Config.ContainerId ?? "", "there is no such container");
                return false;
            }

            entry.Judged = (policy, true);
            return true;
        }
        catch (Exception e) when (e is CommandException or EngineException { IsMissing: true })
        {
            // For the server there is no such container, or it is not to be checked.
            Log.Refused(logger, current.Config.ContainerId ?? "");
            entry.Judged = (policy, false);
            return false;
        }
        catch (EngineException e)
        {
            Log.NotJudged(logger, current.Config.ContainerId ?? "", e.Message);
            return false;
        }
    }

    private void Finish(HealthSchedule.Entry entry, HealthCheck current, HealthCheckResult? result)
    {
        var wanted = false;
        var news = false;
        lock (_gate)
        {
            _running--;
            entry.Running = false;
            if (result is not null)
            {
                // Of a check that was changed or dropped meanwhile, nobody wants to know.
                wanted = _schedule.IsCurrent(entry, current);
                news = wanted && entry.Healthy != result.Healthy;
                entry.Healthy = wanted ? result.Healthy : entry.Healthy;
            }
        }

        if (wanted && connection.IsConnected)
        {
            outbound.PostEvent(FrameWriter.Event(EventNames.HealthCheckResult, result!, ProtocolJson.Default.HealthCheckResult, time.GetUtcNow()));
        }

        if (news && result!.Healthy)
        {
            Log.BecameHealthy(logger, result.ContainerId);
        }
        else if (news)
        {
            Log.BecameUnhealthy(logger, result!.ContainerId, result.ErrorMessage ?? "");
        }

        Wake();
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            _audit.Record(_schedule.Checks);
        }

        Wake();
    }

    private void Wake() => _pulse.Set();

    private static partial class Log
    {
        [LoggerMessage(700, LogLevel.Information, "{Count} health checks are configured")]
        public static partial void Configured(ILogger logger, int count);

        [LoggerMessage(701, LogLevel.Warning, "A health check was left out: {Reason}")]
        public static partial void LeftOut(ILogger logger, string reason);

        [LoggerMessage(705, LogLevel.Warning, "The health check of {Container} is not run: this host's policy does not allow it")]
        public static partial void Refused(ILogger logger, string container);

        [LoggerMessage(
            706,
            LogLevel.Debug,
            "The health check of {Container} is not run: the engine does not tell what the policy needs to know of it: {Reason}")]
        public static partial void NotJudged(ILogger logger, string container, string reason);

        [LoggerMessage(702, LogLevel.Information, "{Container} answers its health check")]
        public static partial void BecameHealthy(ILogger logger, string container);

        [LoggerMessage(703, LogLevel.Information, "{Container} fails its health check: {Reason}")]
        public static partial void BecameUnhealthy(ILogger logger, string container, string reason);
    }
}
