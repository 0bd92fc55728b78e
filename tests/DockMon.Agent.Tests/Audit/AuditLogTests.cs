using DockMon.Agent.Audit;
using DockMon.Agent.Audit.Chain;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit;

public sealed class AuditLogTests : IAsyncDisposable
{
    private readonly AuditScene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task A_begin_is_in_the_file_before_anything_is_done_and_its_end_names_it()
    {
        var audit = _scene.Start();
        var scope = await audit.BeginAsync(AuditScene.Stop("web") with { Dangers = ["privileged", "host path /srv"] });
        var begin = _scene.Records()[^1];
        (begin.Phase, begin.Action, begin.Server, begin.Request, begin.Decision, begin.Rule).ShouldBe(
            ("begin", "stop", "wss://server/", "r-web", "allowed", "mode: full"));
        begin.Container.ShouldBe(new AuditedContainer(new string('a', 64), "web", "nginx:1"));
        begin.Dangers.ShouldBe(["privileged", "host path /srv"]);
        begin.Outcome.ShouldBeNull();
        _scene.Time.Advance(TimeSpan.FromMilliseconds(1234));
        scope.End("conflict");
        scope.End(null);
        await AuditScene.StopAsync(audit);
        var end = _scene.Records()[2];
        (end.Phase, end.Outcome, end.Begin, end.Milliseconds, end.Container!.Name).ShouldBe(("end", "conflict", begin.Sequence, 1234, "web"));
        _scene.Records().Length.ShouldBe(4);
    }

    [Fact]
    public async Task Refusals_and_notes_are_single_records()
    {
        var audit = _scene.Start();
        audit.Refused(new AuditEntry("create") { Request = "7", Decision = AuditDecision.Refused, Rule = "mode: observe" }, "create is not allowed");
        audit.Noted(new AuditEntry(AuditAction.Registration), "invalid token");
        await AuditScene.StopAsync(audit);
        _scene.Records().Select(record => (record.Phase, record.Action, record.Outcome)).ShouldBe([
            ("noted", "agent_start", "ok"), ("refused", "create", "create is not allowed"), ("noted", "registration", "invalid token"),
            ("noted", "agent_stop", "ok")]);
    }

    [Fact]
    public async Task Where_it_cannot_be_written_operations_go_on_and_the_next_record_says_how_many_are_missing()
    {
        var audit = _scene.Start();
        await AuditScene.StopAsync(audit);
        var aside = _scene.Current + ".aside";
        File.Move(_scene.Current, aside);
        Directory.CreateDirectory(_scene.Current);
        (await audit.BeginAsync(AuditScene.Stop("web"))).End(null);
        (await audit.BeginAsync(AuditScene.Stop("db"))).End(null);
        await Testing.Retry.UntilAsync("the records are lost", () => audit.Lost == 4, ct: TestContext.Current.CancellationToken);
        _scene.Log.Lines.Where(line => line.StartsWith("Error: The audit cannot be written, and records of it are lost: ", StringComparison.Ordinal))
            .Select(line => line[^3..]).ShouldBe([" 1)", " 2)", " 4)"]);
        _scene.Log.Text.ShouldContain("Information: Audit (not in the file) begin stop: db (aaaaaaaaaaaa, nginx:1)");
        Directory.Delete(_scene.Current);
        File.Move(aside, _scene.Current);
        (await audit.BeginAsync(AuditScene.Stop("web"))).End(null);
        await AuditScene.StopAsync(audit);
        _scene.Records()[2].Outcome.ShouldBe("records before this one were lost, because they could not be written: 4");
        _scene.Records().Select(record => record.Action).ShouldBe(["agent_start", "agent_stop", "audit", "stop", "stop", "agent_stop"]);
        audit.Lost.ShouldBe(4);
        _scene.Verify().Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_it_is_required_and_cannot_be_written_nothing_is_done()
    {
        var audit = _scene.Start();
        audit.Required = true;
        (await audit.BeginAsync(AuditScene.Stop("web"))).End(null);
        await AuditScene.StopAsync(audit);
        File.Delete(_scene.Current);
        Directory.CreateDirectory(_scene.Current);
        var refusal = await Should.ThrowAsync<CommandException>(() => audit.BeginAsync(AuditScene.Stop("web")));
        refusal.Message.ShouldStartWith("refused: the policy of this host requires a record of every change, and the audit cannot be written: ");
        refusal.Message.ShouldContain(_scene.Folder);
        Directory.Delete(_scene.Current);
        (await audit.BeginAsync(AuditScene.Stop("web"))).End(null);
    }

    [Fact]
    public async Task Where_it_is_required_and_no_file_is_written_nothing_is_done()
    {
        var options = new AgentOptions { ServerUrl = new Uri("wss://server"), DataPath = _scene.Folder, AuditMaxBytes = 0 };
        var audit = AuditLog.Create(options, TimeProvider.System, NullLogger.Instance);
        (await audit.BeginAsync(AuditScene.Stop("web"))).End(null);
        audit.Required = true;
        (await Should.ThrowAsync<CommandException>(() => audit.BeginAsync(AuditScene.Stop("web")))).Message.ShouldContain("AUDIT_MAX_BYTES=0");
        await AuditScene.StopAsync(audit);
    }

    [Fact]
    public async Task No_secret_of_the_request_is_in_the_file_even_if_an_error_quotes_it()
    {
        var audit = _scene.Start();
        var scope = await audit.BeginAsync(new AuditEntry("create") { Secrets = ["hunter2"] });
        scope.End("invalid environment variable: PASSWORD=hunter2");
        await AuditScene.StopAsync(audit);
        _scene.Records()[2].Outcome.ShouldBe("invalid environment variable: PASSWORD=…");
        (await File.ReadAllTextAsync(_scene.Current, TestContext.Current.CancellationToken)).ShouldNotContain("hunter2");
        _scene.Log.Text.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task Texts_of_others_are_cut_and_do_nothing_to_a_terminal()
    {
        var audit = _scene.Start();
        var text = "\e[2J\u202e\u009b31m\r\n" + string.Concat(Enumerable.Repeat("😀", 5000));
        var scope = await audit.BeginAsync(new AuditEntry("stop")
        {
            Request = text,
            Subject = text,
            Work = text,
            Rule = text,
            Dangers = [.. Enumerable.Repeat(text, 100)],
            Container = new AuditedContainer(text, text, text),
        });
        scope.End(text);
        await AuditScene.StopAsync(audit);
        var bytes = await File.ReadAllBytesAsync(_scene.Current, TestContext.Current.CancellationToken);
        bytes.ShouldAllBe(letter => letter == (byte)'\n' || (letter >= (byte)' ' && letter <= (byte)'~'));
        _scene.Lines().ShouldAllBe(line => line.Length < AuditRecord.MaxBytes);
        _scene.Records()[1].Dangers!.Count.ShouldBe(17);
        _scene.Records()[1].Dangers![^1].ShouldBe("84 more");
        _scene.Records()[1].Container!.Name.ShouldStartWith("\e[2J");
        _scene.Verify().Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Work_that_goes_on_is_ended_by_its_name()
    {
        var audit = _scene.Start();
        await audit.BeginAsync(new AuditEntry("deploy_compose") { Work = "d1", Subject = "up of project web" });
        await audit.BeginAsync(new AuditEntry("deploy_compose") { Work = "d2" });
        audit.EndWork("deploy_compose", "d1", null);
        audit.EndWork("deploy_compose", "unheard of", "failed");
        await AuditScene.StopAsync(audit);
        _scene.Records()[3..5].Select(record => (record.Work, record.Begin, record.Outcome, record.Subject)).ShouldBe([
            ("d1", 2, "ok", "up of project web"), ("unheard of", null, "failed", null)]);
    }

    [Fact]
    public async Task What_a_killed_agent_left_is_ended_by_the_next_start_or_told_to_be_unknown()
    {
        var killed = _scene.Start();
        await killed.BeginAsync(AuditScene.Stop("web"));
        await killed.BeginAsync(new AuditEntry("deploy_compose") { Work = "d1" });
        (await killed.BeginAsync(AuditScene.Stop("db"))).End(null);
        await Testing.Retry.UntilAsync("all is written", () => _scene.Records().Length == 5, ct: TestContext.Current.CancellationToken);
        AuditHead.Read(_scene.Folder)!.Open.ShouldBe(2);
        _scene.Time.Advance(TimeSpan.FromMinutes(1));

        var next = _scene.Start();
        next.EndUnknown(entry => entry.Work == "d1");
        next.EndWork("deploy_compose", "d1", null);
        await AuditScene.StopAsync(next);
        _scene.Records()[5..].Select(record => (record.Action, record.Begin, record.Outcome, record.Milliseconds)).ShouldBe([
            ("agent_start", null, "ok", null),
            ("stop", 2, "unknown: the agent ended before it was done", 60_000),
            ("deploy_compose", 3, "ok", 60_000),
            ("agent_stop", null, "ok", null)]);
        AuditHead.Read(_scene.Folder)!.Open.ShouldBe(0);

        var third = _scene.Start();
        third.EndUnknown(_ => false);
        await AuditScene.StopAsync(third);
        _scene.Records().Length.ShouldBe(11);
        _scene.Verify().Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_is_off_records_nothing_and_refuses_nothing()
    {
        AuditLog.Off.IsOn.ShouldBeFalse();
        AuditLog.Off.Start("1.0");
        var scope = await AuditLog.Off.BeginAsync(AuditScene.Stop("web"));
        scope.End(null);
        AuditLog.Off.EndWork("deploy_compose", "d1", null);
        await AuditScene.StopAsync(AuditLog.Off);
        AuditLog.Off.Lost.ShouldBe(0);
    }
}
