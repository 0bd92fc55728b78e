using DockMon.Agent.Audit;
using DockMon.Agent.Tests.Policies;
using DockMon.Agent.Tests.Update;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit;

/// <summary>An update's end is recorded when it has really ended, by whichever run of the agent. Its begin is the gate's, which is not here.</summary>
public sealed class AuditedUpdateTests : UpdateScene, IAsyncLifetime
{
    private readonly AuditScene _records = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await _records.DisposeAsync();
        await DisposeAsync();
    }

    [Fact]
    public async Task An_update_that_is_done_ends_well()
    {
        Docker.Run("web", "app:1");
        var (audit, agent) = Start();
        await audit.BeginAsync(new AuditEntry(CommandNames.UpdateContainer) { Work = "web" });
        await agent.UpdateAsync("web", Token);
        await agent.UntilEndedAsync(Token);
        (await EndAsync(audit)).ShouldBe((2, "ok"));
    }

    [Fact]
    public async Task An_update_to_an_image_that_the_policy_refuses_ends_as_refused()
    {
        Docker.Run("web", "app:1");
        Docker.HasImage("app:2", "sha256:" + new string('b', 64));
        var (audit, agent) = Start();
        agent.Policies.Use(Gates.Policy("mode: full\nupdates: { min_age: 3d }"));
        await audit.BeginAsync(new AuditEntry(CommandNames.UpdateContainer) { Work = "web" });
        await agent.UpdateAsync("web", Token);
        await agent.UntilEndedAsync(Token);
        await AuditScene.StopAsync(audit);
        var end = _records.Records()[2];
        (end.Phase, end.Begin, end.Decision, end.Rule).ShouldBe((AuditPhase.Refused, 2, AuditDecision.Refused, "updates: min_age 72h"));
    }

    [Fact]
    public async Task An_update_that_is_rolled_back_ends_with_the_reason()
    {
        CrashSuccessor(Docker.Run("web", "app:1"));
        var (audit, agent) = Start();
        await audit.BeginAsync(new AuditEntry(CommandNames.UpdateContainer) { Work = "web" });
        await agent.UpdateAsync("web", Token);
        await agent.UntilEndedAsync(Token);
        var (begin, outcome) = await EndAsync(audit);
        begin.ShouldBe(2);
        outcome!.ShouldContain("exit code 3");
    }

    [Fact]
    public async Task An_update_of_a_killed_agent_is_ended_by_the_next_one()
    {
        Docker.Run("web", "app:1");
        Docker.Hold(line => line.StartsWith("POST /containers/create", StringComparison.Ordinal));
        var (audit, agent) = Start();
        await audit.BeginAsync(new AuditEntry(CommandNames.UpdateContainer) { Work = "web" });
        await agent.UpdateAsync("web", Token);
        await Docker.Arrived.WaitAsync(Token);
        agent.Kill();
        Docker.Release();

        var (next, successor) = Start();
        successor.Recover();
        next.EndUnknown(entry => successor.Queue.IsRunning(entry.Work));
        await successor.UntilEndedAsync(Token);
        var (begin, outcome) = await EndAsync(next);
        begin.ShouldBe(2);
        outcome!.ShouldContain("in the middle of the update");
    }

    [Fact]
    public async Task An_update_that_nobody_knows_of_any_more_has_an_unknown_end()
    {
        var (audit, _) = Start();
        await audit.BeginAsync(new AuditEntry(CommandNames.UpdateContainer) { Work = "web" });
        var (next, successor) = Start();
        successor.Recover();
        next.EndUnknown(entry => successor.Queue.IsRunning(entry.Work));
        (await EndAsync(next)).ShouldBe((2, "unknown: the agent ended before it was done"));
    }

    private (AuditLog Audit, FakeAgent Agent) Start()
    {
        var audit = _records.Start();
        return (audit, new FakeAgent(Docker, DataPath, audit: audit));
    }

    private async Task<(long? Begin, string? Outcome)> EndAsync(AuditLog audit)
    {
        await AuditScene.StopAsync(audit);
        var end = _records.Records().Single(record => record.Phase == AuditPhase.End);
        return (end.Begin, end.Outcome);
    }
}
