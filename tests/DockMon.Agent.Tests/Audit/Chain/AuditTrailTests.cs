using System.Text;
using DockMon.Agent.Audit;
using DockMon.Agent.Audit.Chain;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit.Chain;

/// <summary>The file, and how the chain goes on after whatever has become of it.</summary>
public sealed class AuditTrailTests : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly AuditScene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task The_files_are_their_owners_only()
    {
        Directory.CreateDirectory(_scene.Folder, OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
        await File.WriteAllTextAsync(_scene.Current, "", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_scene.Current, OwnerOnly | UnixFileMode.GroupWrite);
        await _scene.WriteAsync(1);
        File.GetUnixFileMode(_scene.Folder).ShouldBe(OwnerOnly | UnixFileMode.UserExecute);
        File.GetUnixFileMode(_scene.Current).ShouldBe(OwnerOnly);
        File.GetUnixFileMode(_scene.Head).ShouldBe(OwnerOnly);
        _scene.Verify().Ok.ShouldBeTrue();
    }

    [Theory]
    [InlineData("audit.jsonl")]
    [InlineData("head.json")]
    public async Task A_link_is_not_followed(string name)
    {
        Directory.CreateDirectory(_scene.Folder);
        var target = Path.Combine(_scene.DataPath, "target");
        await File.WriteAllTextAsync(target, "untouched", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(_scene.Folder, name), target);
        await _scene.WriteAsync(1);
        (await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken)).ShouldBe("untouched");
        _scene.Log.Text.ShouldContain(name == "audit.jsonl" ? "The audit cannot be written" : "The head file of the audit cannot be written");
    }

    [Fact]
    public async Task A_folder_that_is_a_link_is_not_used()
    {
        var target = Directory.CreateDirectory(Path.Combine(_scene.DataPath, "target")).FullName;
        Directory.CreateSymbolicLink(_scene.Folder, target);
        await _scene.WriteAsync(1);
        Directory.GetFileSystemEntries(target).ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_run_of_the_agent_continues_the_chain()
    {
        await _scene.WriteAsync(1);
        await _scene.WriteAsync(1);
        _scene.Records().Select(record => (record.Sequence, record.Action)).ShouldBe([
            (1, "agent_start"), (2, "stop"), (3, "stop"), (4, "agent_stop"), (5, "agent_start"), (6, "stop"), (7, "stop"), (8, "agent_stop")]);
        _scene.Verify().Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_chain_continues_where_the_agent_was_killed_between_two_files()
    {
        await _scene.WriteAsync(2);
        File.Move(_scene.Current, Path.Combine(_scene.Folder, "audit.1.jsonl"));
        await _scene.WriteAsync(1);
        _scene.Records().Select(record => record.Sequence).ShouldBe(Enumerable.Range(1, 10).Select(number => (long)number));
        _scene.Records().ShouldAllBe(record => record.Action != AuditAction.Audit);
        _scene.Verify().Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_head_file_that_is_behind_is_no_reason_for_a_note()
    {
        await _scene.WriteAsync(1);
        var head = await File.ReadAllBytesAsync(_scene.Head, TestContext.Current.CancellationToken);
        await _scene.WriteAsync(1);
        await File.WriteAllBytesAsync(_scene.Head, head, TestContext.Current.CancellationToken);
        await _scene.WriteAsync(1);
        _scene.Records().Length.ShouldBe(12);
        _scene.Records().ShouldAllBe(record => record.Action != AuditAction.Audit);
        _scene.Verify().Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_record_that_a_power_cut_broke_off_stays_and_is_told()
    {
        await _scene.WriteAsync(1);
        var text = await File.ReadAllTextAsync(_scene.Current, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_scene.Current, text[..^40], TestContext.Current.CancellationToken);
        await _scene.WriteAsync(1);
        var note = _scene.Records()[3];
        note.Outcome!.ShouldStartWith("the record before this one was not written to its end");
        note.Torn.ShouldBe(Digest.Of(Encoding.UTF8.GetBytes(_scene.Lines()[3])).ToString());
        // The head file knows that the record was written to its end once: that it was lost stays to be seen.
        _scene.Records()[4].Outcome!.ShouldStartWith("the file ends with record 3, others after it are missing: the last known record is 4 with hash ");
        _scene.Verify().Problems.Select(problem => problem.ToString()).ShouldBe([
            "audit.jsonl line 5: record 4 is missing before this line, after audit.jsonl line 3"]);
        _scene.Verify().Notes.ShouldBe(["audit.jsonl line 4 was not written to its end; the record after it says so"]);
    }

    [Fact]
    public async Task A_record_that_was_never_written_to_its_end_breaks_no_chain()
    {
        await _scene.WriteAsync(1);
        await File.AppendAllTextAsync(_scene.Current, "{\"time\":\"2026-11-23T08", TestContext.Current.CancellationToken);
        _scene.Verify().Notes.ShouldBe(["audit.jsonl line 5, the last one, is not written to its end (yet)"]);
        await _scene.WriteAsync(1);
        _scene.Verify().Problems.ShouldBeEmpty();
        _scene.Verify().Notes.ShouldBe(["audit.jsonl line 5 was not written to its end; the record after it says so"]);
        _scene.Edit(lines => lines[4] += "x");
        _scene.Verify().Problems.Select(problem => problem.ToString()).ShouldBe([
            "audit.jsonl line 5: this is no record: it was changed, added, or not written to its end"]);
    }

    [Fact]
    public async Task A_last_line_without_its_end_is_a_whole_record()
    {
        await _scene.WriteAsync(1);
        var text = await File.ReadAllTextAsync(_scene.Current, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_scene.Current, text.TrimEnd('\n'), TestContext.Current.CancellationToken);
        _scene.Verify().Problems.ShouldBeEmpty();
        await _scene.WriteAsync(1);
        _scene.Records().Length.ShouldBe(8);
        _scene.Verify().Problems.ShouldBeEmpty();
        _scene.Verify().Notes.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_was_deleted_is_told_with_the_last_known_record(bool whileTheAgentRan)
    {
        var audit = _scene.Start();
        (await audit.BeginAsync(AuditScene.Stop("web"))).End(null);
        if (!whileTheAgentRan)
        {
            await AuditScene.StopAsync(audit);
        }

        await audit.BeginAsync(AuditScene.Stop("last"));
        var (last, hash) = (_scene.Records()[^1].Sequence, _scene.Verify().Hash);
        File.Delete(_scene.Current);
        audit = whileTheAgentRan ? audit : _scene.Start();
        await AuditScene.StopAsync(audit);
        var note = _scene.Records()[0];
        (note.Action, note.Sequence).ShouldBe((AuditAction.Audit, last + 1));
        note.Outcome.ShouldBe($"the file was deleted or emptied: the last known record is {last} with hash {hash}");
        _scene.Verify().Problems.Select(problem => problem.ToString()).ShouldBe([
            $"audit.jsonl line 1: records 1 to {last} are missing before this line, which is the first"]);
    }

    [Fact]
    public async Task A_file_that_was_shortened_is_told_with_the_last_known_record()
    {
        await _scene.WriteAsync(2);
        var hash = _scene.Verify().Hash;
        _scene.Edit(lines => lines.RemoveRange(3, 3));
        await _scene.WriteAsync(1);
        _scene.Records()[3].Outcome.ShouldBe($"the file ends with record 3, others after it are missing: the last known record is 6 with hash {hash}");
        _scene.Verify().Problems.Select(problem => problem.ToString()).ShouldBe([
            "audit.jsonl line 4: records 4 to 6 are missing before this line, after audit.jsonl line 3"]);
    }

    [Fact]
    public async Task A_last_record_that_was_changed_is_told()
    {
        await _scene.WriteAsync(1);
        var hash = _scene.Verify().Hash;
        _scene.Edit(lines => lines[^1] = lines[^1].Replace("\"time\":\"2026", "\"time\":\"2025", StringComparison.Ordinal));
        await _scene.WriteAsync(1);
        _scene.Records()[4].Outcome.ShouldBe($"the last record in the file is not the one that was written: the last known record is 4 with hash {hash}");
        _scene.Verify().Problems.Select(problem => problem.ToString()).ShouldBe(["audit.jsonl line 4: record 4 was changed after it was written"]);
    }

    [Fact]
    public async Task A_restart_of_the_machine_is_given_as_a_reason()
    {
        await _scene.WriteAsync(1);
        var head = AuditHead.Read(_scene.Folder)!;
        (head with { Boot = "another" }).Write(_scene.Folder);
        _scene.Edit(lines => lines.RemoveAt(3));
        await _scene.WriteAsync(1);
        _scene.Records()[3].Outcome!.ShouldEndWith("; the machine was started again since: a power cut may have taken them");
    }

    [Fact]
    public async Task A_head_file_that_is_gone_or_broken_is_told()
    {
        await _scene.WriteAsync(1);
        File.Delete(_scene.Head);
        await _scene.WriteAsync(1);
        await File.WriteAllTextAsync(_scene.Head, "nothing", TestContext.Current.CancellationToken);
        await _scene.WriteAsync(1);
        _scene.Records().Where(record => record.Action == AuditAction.Audit).Select(record => record.Outcome).ShouldBe([
            "there is no head file, so nobody knows whether records are missing before this one",
            "the head file cannot be used (it is no JSON), so nobody knows whether records are missing before this one"]);
        _scene.Verify().Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Somebody_elses_line_is_told_and_the_chain_goes_on()
    {
        var audit = _scene.Start();
        await audit.BeginAsync(AuditScene.Stop("web"));
        await File.AppendAllTextAsync(_scene.Current, "hello\n", TestContext.Current.CancellationToken);
        await AuditScene.StopAsync(audit);
        _scene.Records()[2].Outcome.ShouldBe("something that is no record stands at the end of the file");
        _scene.Verify().Problems.Select(problem => problem.ToString()).ShouldBe([
            "audit.jsonl line 3: this is no record: it was changed, added, or not written to its end"]);
    }

    [Fact]
    public async Task Without_a_file_the_chain_is_in_the_log()
    {
        using var trail = new AuditTrail(null, 0, "wss://server/", _scene.Time);
        var audit = new AuditLog(new AuditWriter(trail, _scene.Time, _scene.Log), _scene.Time);
        audit.Start("1.0");
        (await audit.BeginAsync(AuditScene.Stop("web"))).End("no such container");
        await AuditScene.StopAsync(audit);
        Directory.Exists(_scene.Folder).ShouldBeFalse();
        audit.Lost.ShouldBe(0);
        _scene.Log.Lines.Length.ShouldBe(4);
        _scene.Log.Lines[1].ShouldMatch("^Information: Audit 2 begin stop: web \\(aaaaaaaaaaaa, nginx:1\\) \\[[0-9a-f]{64}\\]$");
        _scene.Log.Lines[2].ShouldMatch(
            "^Information: Audit 3 end stop: web \\(aaaaaaaaaaaa, nginx:1\\): no such container, after 0s, begun by 2 \\[[0-9a-f]{64}\\]$");
    }
}
