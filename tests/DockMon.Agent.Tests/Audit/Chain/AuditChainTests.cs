using DockMon.Agent.Audit;
using DockMon.Agent.Audit.Chain;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit.Chain;

/// <summary>What is done to the files of an audit is found, with its place. Line n of the current file is record n here.</summary>
public sealed class AuditChainTests : IAsyncDisposable
{
    private readonly AuditScene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task A_chain_that_nobody_touched_is_whole()
    {
        await _scene.WriteAsync(3);
        var verdict = _scene.Verify();
        verdict.Problems.ShouldBeEmpty();
        verdict.Ok.ShouldBeTrue();
        (verdict.Records, verdict.First, verdict.Last).ShouldBe((8, 1, 8));
        verdict.Hash.ShouldBe(Digest.Of(System.Text.Encoding.UTF8.GetBytes(_scene.Lines()[^1])).ToString());
        verdict.Notes.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("\"name\":\"web1\"", "\"name\":\"web9\"")]
    [InlineData("\"time\":\"2026", "\"time\":\"2025")]
    [InlineData("\"phase\":\"begin\"", "\"phase\":\"noted\"")]
    public async Task A_changed_line_is_found(string from, string to)
    {
        await _scene.WriteAsync(3);
        _scene.Edit(lines => lines[3] = Replaced(lines[3], from, to));
        Problems().ShouldBe(["audit.jsonl line 4: record 4 was changed after it was written"]);
    }

    [Fact]
    public async Task A_changed_last_line_is_found_by_the_head_file()
    {
        await _scene.WriteAsync(3);
        _scene.Edit(lines => lines[^1] = Replaced(lines[^1], "\"time\":\"2026", "\"time\":\"2025"));
        Problems().ShouldBe(["audit.jsonl line 8: record 8 was changed: the head file names another one"]);
    }

    [Fact]
    public async Task A_line_that_was_made_unreadable_is_found()
    {
        await _scene.WriteAsync(3);
        _scene.Edit(lines => lines[3] = lines[3][1..]);
        Problems().ShouldBe([
            "audit.jsonl line 4: this is no record: it was changed, added, or not written to its end",
            "audit.jsonl line 5: record 4 is missing before this line, after audit.jsonl line 3"]);
    }

    [Theory]
    [InlineData(1, "record 4 is missing")]
    [InlineData(3, "records 4 to 6 are missing")]
    public async Task Removed_lines_are_found(int count, string missing)
    {
        await _scene.WriteAsync(3);
        _scene.Edit(lines => lines.RemoveRange(3, count));
        Problems().ShouldBe([$"audit.jsonl line 4: {missing} before this line, after audit.jsonl line 3"]);
    }

    [Fact]
    public async Task Removed_first_lines_are_found()
    {
        await _scene.WriteAsync(3);
        _scene.Edit(lines => lines.RemoveRange(0, 2));
        Problems().ShouldBe(["audit.jsonl line 1: records 1 to 2 are missing before this line, which is the first"]);
    }

    [Fact]
    public async Task An_added_line_is_found_even_if_it_names_the_right_one_before_it()
    {
        await _scene.WriteAsync(3);
        // Forged as well as that can be done without writing all that follows anew.
        _scene.Edit(lines => lines.Insert(4, Replaced(lines[4], "\"name\":\"web1\"", "\"name\":\"other\"")));
        Problems().ShouldBe(["audit.jsonl line 5: record 5 is no part of the chain: it was added, or it was changed"]);
    }

    [Fact]
    public async Task A_line_that_stands_there_twice_is_found()
    {
        await _scene.WriteAsync(3);
        _scene.Edit(lines => lines.Insert(4, lines[3]));
        Problems().ShouldBe(["audit.jsonl line 5: record 4 is no part of the chain: it was added, or it was changed"]);
    }

    [Fact]
    public async Task Lines_that_were_added_at_the_end_are_told_to_be_newer_than_the_head_file()
    {
        await _scene.WriteAsync(3);
        var trail = _scene.NewTrail();
        var head = File.ReadAllBytes(_scene.Head);
        trail.Append(AuditScene.Stop("late").ToRecord(AuditPhase.Noted, null), _scene.Time.GetUtcNow(), open: 0);
        File.WriteAllBytes(_scene.Head, head);
        _scene.Verify().Problems.ShouldBeEmpty();
        _scene.Verify().Notes.ShouldBe(["records that are newer than the head file: 1"]);
        _scene.Edit(lines => lines[^1] = Replaced(lines[^1], lines[^1][^66..^2], new string('0', 64)));
        Problems().ShouldBe(["audit.jsonl line 9: record 9 is no part of the chain: it was added, or it was changed"]);
    }

    [Fact]
    public async Task Lines_in_another_order_are_found()
    {
        await _scene.WriteAsync(3);
        _scene.Edit(lines => (lines[3], lines[4]) = (lines[4], lines[3]));
        Problems().ShouldBe(["audit.jsonl line 5: the order was changed: record 4 stands after record 5"]);
    }

    [Fact]
    public async Task An_end_that_was_cut_off_is_found_by_the_head_file()
    {
        await _scene.WriteAsync(3);
        _scene.Edit(lines => lines.RemoveRange(6, 2));
        Problems().ShouldBe(["audit.jsonl line 6: the end is missing: the head file names record 8, and this is the last line, record 6"]);
    }

    [Fact]
    public async Task Without_a_head_file_nobody_knows_whether_the_end_is_missing()
    {
        await _scene.WriteAsync(1);
        File.Delete(_scene.Head);
        Problems().ShouldBe(["there is no head file, so nobody knows whether records are missing after 4"]);
        File.WriteAllText(_scene.Head, "{}");
        Problems().ShouldBe(["the head file cannot be used: it names no record, so nobody knows whether records are missing after 4"]);
    }

    [Fact]
    public async Task A_head_file_of_before_is_found()
    {
        await _scene.WriteAsync(1);
        new AuditHead(2, new string('0', 64)).Write(_scene.Folder);
        Problems().ShouldBe(["audit.jsonl line 2: record 2 was changed: the head file names another one",
            "audit.jsonl line 3: record 3 is no part of the chain: it was added, or it was changed",
            "audit.jsonl line 4: record 4 is no part of the chain: it was added, or it was changed"]);
    }

    [Fact]
    public async Task All_records_gone_are_missed_and_an_empty_folder_is_no_audit()
    {
        await _scene.WriteAsync(1);
        File.Delete(_scene.Current);
        Problems().ShouldBe(["all records are missing, up to 4, which the head file names"]);
        File.Delete(_scene.Head);
        Problems().ShouldBe([AuditChain.NoRecords]);
    }

    [Fact]
    public async Task The_chain_goes_on_over_rotated_files_and_the_oldest_that_is_kept_is_trusted()
    {
        _scene.MaxBytes = 4096;
        await _scene.WriteAsync(60);
        Directory.GetFiles(_scene.Folder, "*.jsonl").Length.ShouldBe(5);
        Directory.GetFiles(_scene.Folder, "*.jsonl").ShouldAllBe(file => new FileInfo(file).Length <= 4096);
        var verdict = _scene.Verify();
        verdict.Problems.ShouldBeEmpty();
        verdict.First.ShouldBeGreaterThan(1);
        verdict.Last.ShouldBe(122);
        verdict.Notes.ShouldBe([$"record {verdict.First} is the oldest that is kept: it is trusted to be the one that followed {verdict.First - 1}"]);
    }

    [Fact]
    public async Task A_file_that_is_missing_in_the_middle_is_found_and_so_is_the_oldest()
    {
        _scene.MaxBytes = 4096;
        await _scene.WriteAsync(60);
        var oldest = Path.Combine(_scene.Folder, "audit.4.jsonl");
        var (first, last) = (AuditRecord.Read(Bytes("audit.2.jsonl", 0))!.Sequence, AuditRecord.Read(Bytes("audit.2.jsonl", ^1))!.Sequence);
        var gone = AuditRecord.Read(Bytes("audit.3.jsonl", 0))!.Sequence - 1;
        File.Delete(Path.Combine(_scene.Folder, "audit.2.jsonl"));
        Problems().ShouldBe([
            $"audit.1.jsonl line 1: records {first} to {last} are missing before this line, after audit.3.jsonl line {_scene.Lines("audit.3.jsonl").Length}"]);
        File.Delete(oldest);
        Problems()[0].ShouldBe($"audit.3.jsonl line 1: records 1 to {gone} are missing before this line, which is the first");
    }

    [Fact]
    public async Task A_changed_line_in_an_older_file_is_found()
    {
        _scene.MaxBytes = 4096;
        await _scene.WriteAsync(60);
        var changed = AuditRecord.Read(Bytes("audit.3.jsonl", 2))!.Sequence;
        _scene.Edit(lines => lines[2] = Replaced(lines[2], "nginx:1", "nginx:2"), "audit.3.jsonl");
        Problems().ShouldBe([$"audit.3.jsonl line 3: record {changed} was changed after it was written"]);
    }

    [Fact]
    public async Task Only_so_many_problems_are_told()
    {
        await _scene.WriteAsync(100);
        _scene.Edit(lines => lines.Reverse());
        Problems().Length.ShouldBe(AuditChain.MaxProblems + 1);
        Problems().ShouldContain("and more");
    }

    [Fact]
    public async Task A_line_longer_than_any_record_is_passed_over_and_found()
    {
        await _scene.WriteAsync(2);
        _scene.Edit(lines => lines.Insert(1, new string('x', 5 * AuditRecord.MaxBytes)));
        Problems().ShouldBe(["audit.jsonl line 2: this is no record: it was changed, added, or not written to its end"]);
        _scene.Verify().Records.ShouldBe(6);
    }

    [Fact]
    public async Task Whatever_is_cut_off_the_record_that_is_written_just_now_the_chain_is_whole()
    {
        await _scene.WriteAsync(1);
        _scene.NewTrail().Append(AuditScene.Stop("web").ToRecord(AuditPhase.Begin, null), _scene.Time.GetUtcNow(), open: 1);
        var (all, line) = (await File.ReadAllBytesAsync(_scene.Current, TestContext.Current.CancellationToken), _scene.Lines()[^1]);
        new AuditHead(4, Digest.Of(Bytes("audit.jsonl", 3)).ToString()).Write(_scene.Folder);
        for (var cut = 2; cut <= line.Length; cut++)
        {
            await File.WriteAllBytesAsync(_scene.Current, all[..^cut], TestContext.Current.CancellationToken);
            Problems().ShouldBeEmpty();
            _scene.Verify().Notes.ShouldBe(["audit.jsonl line 5, the last one, is not written to its end (yet)"]);
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("{\"time\":\"2026-11-23T08:00:00.0000000Z\",\"sequence\":4,\"phase\":\"be")]
    [InlineData("{\"time\":\"2026-11-23T08:00:00.0000000Z\",\"sequence\":5,\"phase\":\"begin\",\"action\":\"stop\"}")]
    [InlineData("{\"time\":\"2026-11-23T08:00:00.0000000Z\",\"sequence\":5,\"phase\":\"begin\",}")]
    [InlineData("{\"time\":\"2026-11-23T08:00:00.0000000Z\",\"sequence\":5,\"phase\":\"\u001b[2J")]
    [InlineData("{\"time\":\"2026 rm -rf")]
    public async Task What_stands_at_the_end_and_is_the_beginning_of_no_record_is_found(string end)
    {
        await _scene.WriteAsync(1);
        await File.AppendAllTextAsync(_scene.Current, end, TestContext.Current.CancellationToken);
        Problems().ShouldBe(["audit.jsonl line 5: this is no record: it was changed, added, or not written to its end"]);
    }

    [Fact]
    public async Task What_is_not_written_to_its_end_is_found_where_there_is_a_later_file()
    {
        await _scene.WriteAsync(1);
        File.Move(_scene.Current, Path.Combine(_scene.Folder, AuditFile.NameOf(1)));
        await File.AppendAllTextAsync(Path.Combine(_scene.Folder, AuditFile.NameOf(1)), "{\"time\":\"2026", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_scene.Current, "", TestContext.Current.CancellationToken);
        Problems().ShouldBe(["audit.1.jsonl line 5: this is no record: it was changed, added, or not written to its end"]);
    }

    private string[] Problems()
    {
        var verdict = _scene.Verify();
        verdict.Ok.ShouldBe(verdict.Problems.Count == 0);
        return [.. verdict.Problems.Select(problem => problem.ToString())];
    }

    private byte[] Bytes(string file, Index line) => System.Text.Encoding.UTF8.GetBytes(_scene.Lines(file)[line]);

    private static string Replaced(string line, string from, string to)
    {
        line.ShouldContain(from);
        return line.Replace(from, to, StringComparison.Ordinal);
    }
}
