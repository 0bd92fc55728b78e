using DockMon.Agent.Commands;
using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>Waits until it is clear whether a container works.</summary>
internal sealed class HealthWatch(EngineClient engine, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StableTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestGrace = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Returns when the container is healthy: by its health check, by running for three seconds, or by having ended with exit code 0 where it may.
    /// </summary>
    /// <param name="id">The container.</param>
    /// <param name="limit">How long it has to become healthy.</param>
    /// <param name="isNew">Whether it was just started for the first time: then a restart before the first inspection counts, too.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <returns>Whether it runs; if not, it has done its work.</returns>
    /// <exception cref="CommandException">It does not work; the message says why.</exception>
    public async Task<bool> WaitAsync(string id, TimeSpan limit, bool isNew, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        int? restarts = isNew ? 0 : null;
        var stable = limit < StableTime ? limit : StableTime;
        var grace = limit / 2 < LongestGrace ? limit / 2 : LongestGrace;
        while (true)
        {
            var elapsed = time.GetElapsedTime(started); // Before the request: a late answer does not describe a later moment.
            var container = await InspectAsync(id, ct);
            if (container is not null && Judge(container, restarts ??= container.RestartCount, elapsed, stable, grace))
            {
                return container.State.Running;
            }

            if (elapsed >= limit)
            {
                throw new CommandException($"the new container did not become healthy within {limit.TotalSeconds:0} s (timeout)");
            }

            await Task.Delay(Interval, time, ct);
        }
    }

    /// <summary>The container; null while the engine does not answer, which says nothing about the container.</summary>
    private async Task<ContainerInspection?> InspectAsync(string id, CancellationToken ct)
    {
        try
        {
            return await engine.InspectContainerAsync(id, ct);
        }
        catch (EngineException e) when (RetryingSwap.IsTransient(e))
        {
            return null;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            throw new CommandException("the new container ended and, started with --rm, is gone");
        }
    }

    /// <summary>Whether the container is healthy; false if that is not clear yet.</summary>
    /// <param name="container">The container as the engine describes it.</param>
    /// <param name="restarts">How often the engine had restarted it before the watch began.</param>
    /// <param name="elapsed">How long it has been watched.</param>
    /// <param name="stable">How long it has to run if it has no health check.</param>
    /// <param name="grace">How long it may be unhealthy.</param>
    /// <exception cref="CommandException">It is clear that it does not work.</exception>
    public static bool Judge(ContainerInspection container, int restarts, TimeSpan elapsed, TimeSpan stable, TimeSpan grace)
    {
        var state = container.State;
        if (container.RestartCount > restarts || state.Restarting)
        {
            // It may be running at this moment, between two crashes.
            throw new CommandException($"the new container crashes and is restarted again and again (exit code {state.ExitCode})");
        }

        if (state.Paused)
        {
            return true; // By the update itself, as its last step, or by somebody else: a health check cannot run now.
        }

        if (!state.Running)
        {
            var ends = container.HostConfig.RestartPolicy?.Name is null or "" or "no" or "on-failure";
            return ends && state.ExitCode == 0 && state.Status == "exited" ? true
                : throw new CommandException($"the new container ended with exit code {state.ExitCode}");
        }

        return state.Health?.Status switch
        {
            "healthy" => true,
            "unhealthy" when elapsed >= grace => throw new CommandException("the new container is unhealthy"),
            "unhealthy" or "starting" => false,
            _ => elapsed >= stable,
        };
    }
}
