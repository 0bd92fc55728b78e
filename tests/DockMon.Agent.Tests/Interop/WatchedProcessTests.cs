using System.Diagnostics;
using DockMon.Agent.Interop;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Interop;

/// <summary>An end that is one, and what only looks like it.</summary>
public sealed class WatchedProcessTests : IDisposable
{
    private readonly TemporaryFolder _proc = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _proc.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_process_that_runs_has_not_ended_and_one_that_was_killed_has(bool useHandle)
    {
        await using var process = ProgramProcess.Start("sleep", ["600"], new Dictionary<string, string>());
        using var watched = new WatchedProcess(process.Id, useHandle: useHandle);
        watched.HasEnded().ShouldBeFalse();
        watched.HasEnded().ShouldBeFalse();

        watched.Kill();
        await process.WaitForExitAsync(Token);
        watched.HasEnded().ShouldBeFalse("one look is not enough");
        watched.HasEnded().ShouldBeTrue();
        watched.Kill();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_process_that_was_never_there_has_ended(bool useHandle)
    {
        using var process = Process.Start("true")!;
        process.WaitForExit();
        using var watched = new WatchedProcess(process.Id, useHandle: useHandle);
        watched.HasEnded().ShouldBeFalse();
        watched.HasEnded().ShouldBeTrue();
    }

    [Fact]
    public void Without_a_handle_the_moment_of_an_exec_is_no_end()
    {
        using var watched = Watch("1 (dockmon-agent) S", "77");
        Show("1 (dockmon-agent) Z", "77");
        watched.HasEnded().ShouldBeFalse();
        Show("1 (new (name)) R", "77");
        watched.HasEnded().ShouldBeFalse();
        Show("1 (new (name)) Z", "77");
        watched.HasEnded().ShouldBeFalse();
        watched.HasEnded().ShouldBeTrue();
    }

    [Fact]
    public void Without_a_handle_another_process_of_the_same_number_is_not_taken_for_it()
    {
        using var watched = Watch("1 (dockmon-agent) S", "77");
        Show("1 (cron) S", "99");
        watched.HasEnded().ShouldBeFalse();
        watched.HasEnded().ShouldBeTrue();
    }

    private WatchedProcess Watch(string begin, string started)
    {
        Show(begin, started);
        return new WatchedProcess(1, _proc.Path, useHandle: false);
    }

    private void Show(string begin, string started) =>
        _proc.Write("1/stat", $"{begin} {string.Join(' ', Enumerable.Range(0, 18))} {started} 1 2 3\n");
}
