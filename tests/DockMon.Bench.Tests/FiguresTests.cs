using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Bench.Tests;

/// <summary>Figures are what they are called.</summary>
public sealed class FiguresTests
{
    [Fact]
    public void Quantiles_lie_between_their_neighbours()
    {
        Figures.Median([3, 1, 2]).ShouldBe(2);
        Figures.Median([4, 1, 2, 3]).ShouldBe(2.5);
        Figures.Quantile(Enumerable.Range(0, 101).Select(i => (double)i), 0.95).ShouldBe(95);
        Figures.Median([]).ShouldBe(double.NaN);
    }

    [Fact]
    public void What_was_not_measured_is_a_dash()
    {
        Figures.Show(double.NaN).ShouldBe("–");
        Figures.Ratio(1, 0).ShouldBe("–");
        Figures.Ratio(1, 4).ShouldBe("0.25");
        Figures.Show(123.4).ShouldBe("123");
        Figures.Show(12.34).ShouldBe("12.3");
    }

    [Fact]
    public void Processor_time_has_that_of_children_whatever_the_program_is_called()
    {
        // Fields 14 to 17: user and system time of the process, and of the children it waited for.
        ProcessFigures.CpuOf("42 (a) (b c) S 1 42 42 0 -1 4194560 100 200 0 0 150 50 20 5 20 0 3 0 900 1000 10").ShouldBe(2.25);
    }

    [Fact]
    public void A_machine_is_busy_with_all_but_idling_and_waiting_for_disks() =>
        Reading.Machine("cpu  10 1 5 100 30 2 3 4 7 0").ShouldBe((25, 155));

    [Fact]
    public void This_process_can_be_read()
    {
        var before = ProcessFigures.Read(Environment.ProcessId).ShouldNotBeNull();
        before.ResidentBytes.ShouldBeGreaterThan(1024 * 1024);
        before.Threads.ShouldBeGreaterThan(1);
        ProcessFigures.Handles(Environment.ProcessId).ShouldBeGreaterThan(2);
        ProcessFigures.Read(int.MaxValue).ShouldBeNull();
    }

    [Fact]
    public async Task Switches_of_a_thread_that_waits_are_counted()
    {
        var before = ProcessFigures.Read(Environment.ProcessId)!;
        await Retry.UntilAsync(
            "a thread has waited",
            () => ProcessFigures.Read(Environment.ProcessId)!.SwitchesSince(before) > 0,
            ct: TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Growth_is_that_of_the_second_half()
    {
        Soak.Halves([100, 1, 100, 1, 10, 10, 12, 12]).ShouldBe((10, 12));
        Soak.Halves([9, 9, 10, 20]).ShouldBe((10, 20));
    }

    [Fact]
    public void An_option_nobody_asked_for_is_an_error()
    {
        var arguments = new Arguments(["--seconds", "5", "--second", "6"]);
        arguments.Number("seconds", 60).ShouldBe(5);
        Should.Throw<UsageException>(arguments.Done).Message.ShouldContain("--second is no option");
        Should.Throw<UsageException>(() => new Arguments(["--times", "0"]).Number("times", 1)).Message.ShouldContain("at least 1");
        Should.Throw<UsageException>(() => new Arguments(["--times"])).Message.ShouldContain("--name value");
        new Arguments(["--containers", "10,50"]).Numbers("containers", 1).ShouldBe([10, 50]);
    }

    [Fact]
    public void A_table_is_markdown()
    {
        var table = new Table("", "a", "b");
        table.Add("row", "1", "2");
        table.ToString().ShouldBe("|  | a | b |\n| --- | ---: | ---: |\n| row | 1 | 2 |\n");
    }
}
