using System.Text.Json.Nodes;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Update.Steps;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Steps;

/// <summary>What looking for dependents keeps in memory. It is measured of the whole process, so no other test runs beside it.</summary>
[CollectionDefinition(DisableParallelization = true)]
[Collection(typeof(DependentFinderMemoryTests))]
public sealed class DependentFinderMemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Inspect_objects_are_not_kept_while_other_containers_are_inspected()
    {
        const int Count = 64;
        await using var docker = new FakeDocker();
        docker.HasImage("app:1", "sha256:old");
        var megabyte = new JsonObject { ["large"] = new string('x', 1024 * 1024) };
        for (var i = 0; i < Count; i++)
        {
            docker.Run($"large{i}", "app:1", labels: (JsonObject)megabyte.DeepClone());
        }

        var (asked, last) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        docker.Before = line => line.EndsWith("/json", StringComparison.Ordinal) && Interlocked.Increment(ref asked) == Count ? last.Task : Task.CompletedTask;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var time = new FakeTimeProvider(); // It stands still: the last one is waited for as long as the test likes.
        var find = new DependentFinder(docker.Connect(time).Client, HiddenContainers.None, time).FindAsync(new string('a', 64), Token);
        await Retry.UntilAsync("the last one is asked for", () => Volatile.Read(ref asked) == Count, ct: Token);
        await Retry.UntilAsync(
            "less than half of them is kept",
            () => GC.GetTotalMemory(forceFullCollection: true) - before < Count / 2 * 1024 * 1024,
            ct: Token);
        last.SetResult();
        (await find).Dependents.ShouldBeEmpty();
    }
}
