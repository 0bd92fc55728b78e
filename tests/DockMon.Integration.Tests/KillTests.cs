using System.Collections.Concurrent;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>
/// Whatever instruction a kill hits in an update, of the agent or of the daemon, after the
/// restart there is one container of the name, with its data.
/// </summary>
public sealed class KillTests
{
    private const int RandomInstants = 20;
    private const int RandomInstantsOfAgents = 3;
    internal const int ScenesWithAgent = 3;
    private const int ScenesWithDaemon = 3; // Most of their time a daemon that was killed starts again.

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agent_that_is_killed_anywhere_in_an_update_leaves_one_container_with_its_data()
    {
        List<KillPoint> points =
        [
            .. KillPoint.Boundaries, .. KillPoint.AgentBoundaries, .. KillPoint.Requests,
            .. KillPoint.Random(RandomInstantsOfAgents, 20261123, [KillShape.Plain, KillShape.Remove, KillShape.Dependent, KillShape.Stopped, KillShape.Crash]),
        ];
        var newer = Environment.GetEnvironmentVariable("DOCKMON_TEST_ENGINE26");
        await Task.WhenAll(
            RunAsync("agent, this machine's engine", points, ScenesWithAgent, () => KillScene.WithAgentAsync(null, Token)),
            string.IsNullOrEmpty(newer)
                ? Task.CompletedTask
                : RunAsync("agent, Docker 26.1", points, ScenesWithAgent, () => KillScene.WithAgentAsync(newer, Token)));
        Assert.SkipWhen(string.IsNullOrEmpty(newer), "It went well on this machine's engine; DOCKMON_TEST_ENGINE26 names no other.");
    }

    [Fact]
    public async Task A_daemon_that_is_killed_anywhere_in_an_update_leaves_one_container_with_its_data()
    {
        List<KillPoint> points = [
            .. KillPoint.Boundaries,
            .. KillPoint.Random(RandomInstants, 20261124, [KillShape.Plain, KillShape.Stopped, KillShape.Crash])
        ];
        var newer = PrivateEngine.NewerRoot;
        await Task.WhenAll(
            RunAsync("daemon, this machine's engine", points, ScenesWithDaemon, () => KillScene.WithDaemonAsync(null, Token)),
            newer is null ? Task.CompletedTask : RunAsync("daemon, Docker 26.1", points, ScenesWithDaemon, () => KillScene.WithDaemonAsync(newer, Token)));
        Assert.SkipWhen(newer is null, "It went well on this machine's engine; there is no other (eng/engine26 start).");
    }

    /// <summary>Some scenes take the points one after another; every kill is counted.</summary>
    internal static async Task RunAsync(string who, List<KillPoint> points, int scenes, Func<Task<KillScene>> start)
    {
        var queue = new ConcurrentQueue<KillPoint>(points);
        var (done, wedged, failures, fell) = (0, 0, new ConcurrentBag<string>(), new ConcurrentQueue<(string Point, bool Well)>());
        await Task.WhenAll(Enumerable.Range(0, scenes).Select(async _ =>
        {
            await using var scene = await start();
            while (queue.TryDequeue(out var point))
            {
                var problem = await scene.RunAsync(point, Token);
                fell.Enqueue(($"{point.Name} ({point.Shape})", problem is null));
                if (problem is not null)
                {
                    failures.Add(problem);
                    TestContext.Current.SendDiagnosticMessage($"{who}: {problem}");
                }

                Interlocked.Increment(ref done);
            }

            Interlocked.Add(ref wedged, scene.Wedged);
        }));
        TestContext.Current.SendDiagnosticMessage(
            $"{who}: {done} kills in the middle of an update ({points.Count(point => point.Request is not null)} while a request was under way), "
            + $"{done - failures.Count - wedged} ended well, {wedged} containers can be started by nobody any more (the engine's own fault; the agent "
            + "says so and goes on trying)");
        foreach (var kind in fell.GroupBy(one => one.Point).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            TestContext.Current.SendDiagnosticMessage($"kills | {kind.Key} | {kind.Count()} | {kind.Count(one => !one.Well)}");
        }

        failures.ShouldBeEmpty();
        done.ShouldBe(points.Count);
        wedged.ShouldBeLessThan(points.Count / 4);
    }
}
