using DockMon.Agent.Audit;
using DockMon.Agent.Audit.Chain;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Tests.Compose.Deploy;
using DockMon.Agent.Tests.Policies;
using DockMon.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit;

/// <summary>A deployment's end is recorded when it has really ended. Its begin is the gate's, which is not here.</summary>
public sealed class AuditedDeploymentTests : IAsyncDisposable
{
    private readonly AuditScene _records = new();
    private readonly AuditLog _audit;
    private readonly ComposeScene _scene;

    public AuditedDeploymentTests()
    {
        _audit = _records.Start();
        _scene = new ComposeScene(_audit);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _scene.DisposeAsync();
        await _records.DisposeAsync();
    }

    [Fact]
    public async Task A_deployment_that_is_done_ends_well()
    {
        await _audit.BeginAsync(new AuditEntry(CommandNames.DeployCompose) { Work = "d1" });
        _scene.Runs("web", "Up 2 minutes", """{"Status":"running","Running":true}""");
        await _scene.DeployAsync(ComposeDeployerTests.Up("services: {web: {}}", "PORT=80"));
        (await EndAsync()).ShouldBe((2, "ok"));
    }

    [Fact]
    public async Task What_the_services_have_of_the_host_is_recorded_before_they_are_started()
    {
        await _audit.BeginAsync(new AuditEntry(CommandNames.DeployCompose) { Work = "d1", Subject = "up of project shop" });
        _scene.Runs("web", "Up 2 minutes", """{"Status":"running","Running":true}""");
        await _scene.DeployAsync(ComposeDeployerTests.Up(
            "services: {web: {privileged: true, environment: {A: hunter2}, volumes: [{type: bind, source: /srv/db, target: /d}]}}", "PORT=80"));
        (await EndAsync()).ShouldBe((2, "ok"));
        var note = _records.Records()[2];
        (note.Phase, note.Begin, note.Subject).ShouldBe((AuditPhase.Noted, 2, "up of project shop"));
        note.Dangers.ShouldBe(["service web: privileged", "service web: host path /srv/db"]);
        _records.Verify().Problems.ShouldBeEmpty();
        AuditHead.Read(_records.Folder)!.Open.ShouldBe(0);
    }

    [Fact]
    public async Task What_compose_says_of_a_variable_is_not_recorded()
    {
        await _audit.BeginAsync(new AuditEntry(CommandNames.DeployCompose) { Work = "d1" });
        await _scene.DeployAsync(ComposeDeployerTests.Up("services: {refuse: {}}", "PORT=hunter2"));
        (await EndAsync()).ShouldBe((2, "compose ended with 15; the server has what it said"));
    }

    [Theory]
    [InlineData(true, "it failed; the server has the reason")]
    [InlineData(
        false,
        "failed to up project shop: interrupted: the agent ended before anything was changed; there is no container of it. Ask for it once more")]
    public async Task A_deployment_of_a_killed_agent_is_ended_by_the_next_start(bool wasKnown, string outcome)
    {
        await _audit.BeginAsync(new AuditEntry(CommandNames.DeployCompose) { Work = "d1" });
        await AuditScene.StopAsync(_audit);
        var store = new DeploymentStore(_scene.Data, NullLogger.Instance);
        var journal = store.Add(new DeployComposeRequest { DeploymentId = "d1", ProjectName = "shop" });
        if (wasKnown)
        {
            store.Save(journal with
            {
                End = new DeployComplete { DeploymentId = "d1", Action = "up", Error = "PORT=hunter2", Services = new Dictionary<string, DeployedService>() },
            });
        }

        var next = _scene.Audit = _records.Start();
        await _scene.RestartAsync(Token);
        next.EndUnknown(entry => _scene.Deployments.WasLeft(entry.Work));
        await _scene.Lanes.WhenIdleAsync().WaitAsync(TimeSpan.FromMinutes(1), Token);
        await AuditScene.StopAsync(next);
        var end = _records.Records().Single(record => record.Phase == AuditPhase.End);
        (end.Begin, end.Outcome).ShouldBe((2, outcome));
    }

    [Fact]
    public async Task A_deployment_whose_services_a_rule_refuses_ends_as_refused()
    {
        _scene.Engine.Set("/info", """{"DockerRootDir":"/var/lib/docker","DefaultRuntime":"runc","CgroupVersion":"2"}""");
        _scene.Policies.Use(Gates.Policy("mode: full\ncreate: { privileged: false }"));
        await _audit.BeginAsync(new AuditEntry(CommandNames.DeployCompose) { Work = "d1" });
        await _scene.DeployAsync(ComposeDeployerTests.Up("services: {web: {privileged: true}}", "PORT=80"));
        await AuditScene.StopAsync(_audit);
        var end = _records.Records()[2];
        end.Outcome.ShouldBe("service web is privileged");
        (end.Phase, end.Begin, end.Decision, end.Rule).ShouldBe((AuditPhase.Refused, 2, AuditDecision.Refused, "create.privileged"));
    }

    private async Task<(long? Begin, string? Outcome)> EndAsync()
    {
        await AuditScene.StopAsync(_audit);
        var end = _records.Records().Single(record => record.Phase == AuditPhase.End);
        return (end.Begin, end.Outcome);
    }
}
