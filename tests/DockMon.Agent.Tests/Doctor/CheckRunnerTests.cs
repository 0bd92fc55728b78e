using DockMon.Agent.Doctor;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor;

public sealed class CheckRunnerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<NamedResult> _results = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_needs_a_failed_check_is_skipped_and_names_the_first_that_failed()
    {
        await RunAsync(
            Check("a", CheckResult.Failed("broken", "mend it")),
            Check("b", CheckResult.Ok("fine"), "a"),
            Check("c", CheckResult.Ok("fine"), "b"),
            Check("d", CheckResult.Ok("fine")));
        _results.Select(result => (result.Finding.Status, result.Finding.Found)).ShouldBe(
            [
                (CheckStatus.Failed, "broken"),
                (CheckStatus.Skipped, "needs a, which failed"),
                (CheckStatus.Skipped, "needs a, which failed"),
                (CheckStatus.Ok, "fine")
            ]);
    }

    [Fact]
    public async Task A_warning_keeps_nothing_from_being_looked_at()
    {
        await RunAsync(Check("a", CheckResult.Warning("so so", "better")), Check("b", CheckResult.Ok("fine"), "a"));
        _results[1].Finding.Status.ShouldBe(CheckStatus.Ok);
    }

    [Fact]
    public async Task A_check_that_never_ends_is_left_after_its_time()
    {
        var endless = new TaskCompletionSource<CheckResult>();
        var running = RunAsync(new Check("a", [], _ => endless.Task), Check("b", CheckResult.Ok("fine")));
        running.IsCompleted.ShouldBeFalse();
        _time.Advance(CheckRunner.Limit);
        await running;
        _results.Select(result => result.Finding.Status).ShouldBe([CheckStatus.Failed, CheckStatus.Ok]);
        _results[0].Finding.Found.ShouldBe("no answer within 10 s (timeout)");
    }

    [Fact]
    public async Task A_check_that_throws_is_a_finding_of_its_own()
    {
        await RunAsync(new Check("a", [], _ => throw new InvalidOperationException("surprise")), Check("b", CheckResult.Ok("fine")));
        _results[0].Finding.Found.ShouldContain("surprise");
        _results[1].Finding.Status.ShouldBe(CheckStatus.Ok);
    }

    private Task RunAsync(params Check[] checks) => new CheckRunner(_time).RunAsync(checks, _results, Token);

    private static Check Check(string name, CheckResult finding, params string[] needs) => new(name, needs, _ => Task.FromResult(finding));
}
