using DockMon.Agent.Audit;
using DockMon.Agent.Audit.Chain;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit;

public sealed class AuditVerbTests : IAsyncDisposable
{
    private readonly AuditScene _scene = new();
    private readonly StringWriter _errors = new();

    public async ValueTask DisposeAsync()
    {
        await _errors.DisposeAsync();
        await _scene.DisposeAsync();
    }

    [Fact]
    public async Task The_records_are_shown_in_lines_for_people()
    {
        var audit = _scene.Start();
        var scope = await audit.BeginAsync(AuditScene.Stop("web") with { Dangers = ["privileged"] });
        _scene.Time.Advance(TimeSpan.FromSeconds(2));
        scope.End(null);
        audit.Refused(new AuditEntry("create") { Subject = "image x\e[2J", Decision = AuditDecision.Refused, Rule = "mode: observe" }, "create is not allowed");
        await AuditScene.StopAsync(audit);
        var (code, output) = await RunAsync([]);
        code.ShouldBe(0);
        output.ShouldBe("""
            2026-11-23 08:00:00Z      1 noted   agent_start       version 1.0: ok
            2026-11-23 08:00:00Z      2 begin   stop              web (aaaaaaaaaaaa, nginx:1); privileged
            2026-11-23 08:00:02Z      3 end     stop              web (aaaaaaaaaaaa, nginx:1): ok, after 2s, begun by 2
            2026-11-23 08:00:02Z      4 refused create            image x\u001b[2J; refused by mode: observe: create is not allowed
            2026-11-23 08:00:02Z      5 noted   agent_stop        ok

            """);
    }

    [Fact]
    public async Task Colours_are_for_terminals_only()
    {
        await _scene.WriteAsync(1);
        (await RunAsync([], colour: true)).Output.ShouldContain("\e[32mend    \e[0m");
        (await RunAsync([])).Output.ShouldNotContain("\e");
    }

    [Theory]
    [InlineData("90m", 2)]
    [InlineData("2026-11-23T08:30:00Z", 2)]
    [InlineData("2026-11-24", 0)]
    [InlineData("2026-11-23", 4)]
    public async Task Since_is_a_time_or_a_duration(string since, int lines)
    {
        _scene.Start().Noted(new AuditEntry("old"), null);
        await Testing.Retry.UntilAsync("it is written", () => _scene.Records().Length == 2, ct: TestContext.Current.CancellationToken);
        _scene.Time.Advance(TimeSpan.FromHours(1));
        var audit = _scene.Start();
        await AuditScene.StopAsync(audit);
        _scene.Time.Advance(TimeSpan.FromHours(1));
        var (code, output) = await RunAsync(["--since", since]);
        code.ShouldBe(0);
        output.Split('\n').Length.ShouldBe(lines + 1);
    }

    [Theory]
    [InlineData("--since")]
    [InlineData("--since", "yesterday")]
    [InlineData("--verify", "--since", "1h")]
    [InlineData("--what")]
    public async Task Options_that_are_none_are_answered_with_the_usage(params string[] options)
    {
        var (code, output) = await RunAsync(options);
        code.ShouldBe(2);
        output.ShouldStartWith("usage: dockmon-agent audit ");
    }

    [Fact]
    public async Task For_programs_each_record_is_a_line_of_json()
    {
        await _scene.WriteAsync(2);
        var (code, output) = await RunAsync(["--json"]);
        code.ShouldBe(0);
        output.ShouldBe(await File.ReadAllTextAsync(_scene.Current, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Verify_says_that_the_chain_is_whole_or_where_it_is_broken()
    {
        await _scene.WriteAsync(1);
        var (code, output) = await RunAsync(["--verify"]);
        code.ShouldBe(0);
        output.ShouldBe($"4 records, 1 to 4; the hash of the last is {_scene.Verify().Hash}\nThe chain is whole.\n");
        _scene.Edit(lines => lines.RemoveAt(1));
        (code, output) = await RunAsync(["--verify"]);
        code.ShouldBe(1);
        output.ShouldStartWith("audit.jsonl line 2: record 2 is missing before this line, after audit.jsonl line 1\n");
        output.ShouldEndWith("The chain is broken.\n");
        (code, output) = await RunAsync(["--verify", "--json"]);
        code.ShouldBe(1);
        output.ShouldStartWith("{\"ok\":false,\"records\":3,\"first\":1,\"last\":4,");
        output.ShouldContain("\"problems\":[{\"file\":\"audit.jsonl\",\"line\":2,\"problem\":\"record 2 is missing");
    }

    [Fact]
    public async Task Where_there_is_no_audit_that_is_said()
    {
        (await RunAsync([])).ShouldBe((1, $"there is no audit in {_scene.Folder}\n"));
        (await RunAsync(["--verify"])).ShouldBe((1, AuditChain.NoRecords + "\nThere is no chain to prove.\n"));
    }

    [Fact]
    public async Task What_cannot_be_read_is_said()
    {
        await _scene.WriteAsync(1);
        File.Delete(_scene.Current);
        Directory.CreateDirectory(_scene.Current);
        (await RunAsync([])).ShouldBe((1, "the audit cannot be read: it is not a regular file\n"));
    }

    [Theory]
    [InlineData]
    [InlineData("--json")]
    public async Task A_line_that_is_no_record_is_told_beside_the_answer_and_by_the_exit_code(params string[] options)
    {
        await _scene.WriteAsync(2);
        var whole = await RunAsync(options);
        _scene.Edit(lines => lines.InsertRange(2, ["{}", "x"]));
        (await RunAsync(options)).ShouldBe((1, whole.Output));
        _errors.ToString().ShouldBe(
            "audit.jsonl line 3 is no record; dockmon-agent audit --verify tells more\n"
            + "audit.jsonl line 4 is no record; dockmon-agent audit --verify tells more\n");
    }

    [Fact]
    public async Task A_record_that_was_not_written_to_its_end_is_no_error_where_the_next_one_says_so_or_it_is_the_last()
    {
        await _scene.WriteAsync(1);
        File.AppendAllText(_scene.Current, "{\"time\":\"2026-11-23T08:00:00.0000000Z\",\"sequence\":5,");
        (await RunAsync(["--json"])).Code.ShouldBe(0);
        await _scene.WriteAsync(1);
        (await RunAsync(["--json"])).Code.ShouldBe(0);
        _errors.ToString().ShouldBeEmpty();
    }

    [Fact]
    public async Task An_output_that_cannot_be_written_is_not_taken_for_an_audit_that_cannot_be_read()
    {
        await _scene.WriteAsync(1);
        await using var full = new FullDisk();
        foreach (var options in new string[][] { [], ["--json"], ["--verify"] })
        {
            (await Should.ThrowAsync<IOException>(() => RunAsync(options, full))).Message.ShouldBe("No space left on device");
        }
    }

    private async Task<(int Code, string Output)> RunAsync(string[] options, bool colour = false)
    {
        await using var output = new StringWriter();
        return (await RunAsync(options, output, colour), output.ToString());
    }

    private Task<int> RunAsync(string[] options, TextWriter output, bool colour = false) =>
        AuditVerb.RunAsync(options, output, _errors, colour, name => name == "DATA_PATH" ? _scene.DataPath : null, _scene.Time);

    private sealed class FullDisk : StringWriter
    {
        public override Task WriteLineAsync(string? value) => throw new IOException("No space left on device");
    }
}
