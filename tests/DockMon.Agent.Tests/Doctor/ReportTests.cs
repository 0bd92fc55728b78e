using System.Text.Json;
using DockMon.Agent.Doctor;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor;

public sealed class ReportTests
{
    private static readonly NamedResult[] Results =
    [
        new("a", CheckResult.Ok("fine")),
        new("longer", CheckResult.Failed("the server said \e[31mtop-secret\nand \u202emore", "write \"this\" + that")),
        new("c", CheckResult.Skipped("needs longer, which failed")),
    ];

    [Fact]
    public void Programs_get_one_object_on_one_line()
    {
        var json = new Report(Results, []).ToJson();
        json.ShouldNotContain("\n");
        var answer = JsonElement.Parse(json);
        answer.GetProperty("ok").GetBoolean().ShouldBeFalse();
        var checks = answer.GetProperty("checks").EnumerateArray().ToList();
        checks.Select(check => check.GetProperty("status").GetString()).ShouldBe(["ok", "failed", "skipped"]);
        checks[0].GetProperty("remedy").ValueKind.ShouldBe(JsonValueKind.Null);
        checks[1].GetProperty("remedy").GetString().ShouldBe("write \"this\" + that");
    }

    [Fact]
    public void People_get_the_remedy_below_what_was_found()
    {
        Lines(colour: false).ShouldBe(
        [
            "ok       a       fine",
            "failed   longer  the server said  [31mtop-secret and  more",
            "                 → write \"this\" + that",
            "skipped  c       needs longer, which failed",
            "1 failed, 0 warnings.",
        ]);
    }

    [Fact]
    public void Colours_are_of_the_status_alone()
    {
        Lines(colour: true)[0].ShouldBe("\e[32mok      \e[0m a       fine");
    }

    [Fact]
    public void A_secret_is_shown_nowhere()
    {
        var report = new Report(Results, ["top-secret"]);
        report.ToJson().ShouldNotContain("top-secret");
        using var output = new StringWriter();
        report.Write(output, colour: false);
        output.ToString().ShouldNotContain("top-secret");
    }

    [Fact]
    public void Warnings_do_not_make_it_fail()
    {
        new Report([new("a", CheckResult.Warning("so so", "better")), new("b", CheckResult.Skipped("no"))], []).Ok.ShouldBeTrue();
    }

    private static string[] Lines(bool colour)
    {
        using var output = new StringWriter { NewLine = "\n" };
        new Report(Results, []).Write(output, colour);
        return output.ToString().Split('\n')[1..^1];
    }
}
