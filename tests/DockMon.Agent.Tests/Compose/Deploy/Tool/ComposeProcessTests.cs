using System.Diagnostics;
using System.Globalization;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy.Tool;

public sealed class ComposeProcessTests
{
    [Fact]
    public async Task Somebody_who_outlives_it_and_keeps_its_pipes_is_not_waited_for()
    {
        var time = new FakeTimeProvider();
        var running = RunAsync("sleep 60 & echo $!; echo trouble >&2; exit 3", time);
        await Retry.UntilAsync("it is given up", () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return running.IsCompleted;
        }, TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        var result = await running;
        using var sleeper = Process.GetProcessById(int.Parse(result.Output, CultureInfo.InvariantCulture));
        sleeper.Kill();
        result.ExitCode.ShouldBe(3);
        result.Errors.ShouldBe(["trouble"]);
    }

    private static Task<ComposeResult> RunAsync(string script, TimeProvider time) =>
        ComposeProcess.RunAsync(
            "/bin/sh",
            ["-c", script],
            new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
            "/",
            line: null,
            time,
            TestContext.Current.CancellationToken);
}
