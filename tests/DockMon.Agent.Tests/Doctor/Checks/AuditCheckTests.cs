using DockMon.Agent.Configuration;
using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Checks;
using DockMon.Agent.Policies;
using DockMon.Agent.Tests.Audit;
using DockMon.Agent.Tests.Policies;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor.Checks;

public sealed class AuditCheckTests : IAsyncDisposable
{
    private readonly AuditScene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task An_audit_that_is_as_it_should_be_is_told_with_its_size()
    {
        (await LookAsync()).Status.ShouldBe(CheckStatus.Ok);
        await _scene.WriteAsync(1);
        var result = await LookAsync();
        result.Status.ShouldBe(CheckStatus.Ok);
        result.Found.ShouldStartWith($"{_scene.Folder} has 0.0 MiB, and grows by 5.0 MiB at most; ");
    }

    [Fact]
    public async Task Records_that_are_missing_or_changed_at_the_end_are_found()
    {
        await _scene.WriteAsync(1);
        var last = _scene.Lines()[^1];
        _scene.Edit(lines => lines[^1] = last.Replace("2026", "2025", StringComparison.Ordinal));
        (await LookAsync()).Found.ShouldEndWith("record 4 is another one than the head file names");
        _scene.Edit(lines => lines[^1] = "x");
        (await LookAsync()).Found.ShouldEndWith("something that is no record follows the last one");
        _scene.Edit(lines => lines.RemoveAt(3));
        (await LookAsync()).Found.ShouldEndWith("the head file names record 4, and the last in the files is 3");
        File.Delete(_scene.Head);
        (await LookAsync()).ShouldBe(CheckResult.Warning(
            "the end of the audit is not what it should be: there is no head file",
            "dockmon-agent audit --verify tells all that is wrong; docs/audit.md says what can be the reason"));
    }

    [Fact]
    public async Task Too_little_room_to_grow_is_a_warning()
    {
        await _scene.WriteAsync(1);
        (await LookAsync(maxBytes: 1L << 50)).Status.ShouldBe(CheckStatus.Warning);
    }

    [Fact]
    public async Task No_file_is_a_failure_only_where_one_is_required()
    {
        (await LookAsync(maxBytes: 0)).Status.ShouldBe(CheckStatus.Ok);
        (await LookAsync(maxBytes: 0, "mode: full\naudit: required")).Status.ShouldBe(CheckStatus.Failed);
        (await LookAsync(maxBytes: 0, "mode: full\naudit: required\nenforce: false")).Status.ShouldBe(CheckStatus.Ok);
    }

    [Fact]
    public async Task A_file_that_is_a_link_is_a_failure()
    {
        await _scene.WriteAsync(1);
        File.Move(_scene.Current, _scene.Current + ".1");
        File.CreateSymbolicLink(_scene.Current, _scene.Current + ".1");
        (await LookAsync()).Status.ShouldBe(CheckStatus.Failed);
    }

    private Task<CheckResult> LookAsync(long maxBytes = 1 << 20, string? policy = null) => new AuditCheck(
        new AgentOptions { ServerUrl = new Uri("ws://h"), DataPath = _scene.DataPath, AuditMaxBytes = maxBytes },
        policy is null ? HostPolicy.Unrestricted : Gates.Policy(policy),
        takesOver: false).Check().LookAsync(TestContext.Current.CancellationToken);
}
