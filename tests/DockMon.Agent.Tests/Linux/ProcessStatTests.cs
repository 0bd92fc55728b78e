using System.Text;
using DockMon.Agent.Linux;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Linux;

public sealed class ProcessStatTests
{
    [Theory]
    [InlineData("1 (agent) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 77 23", 'S', 77, false)]
    [InlineData("1 (a (b) c) Z 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 4294967296\n", 'Z', 4294967296, true)]
    public void State_and_start_follow_the_name_whatever_is_in_it(string text, char state, ulong started, bool ended)
    {
        ProcessStat.TryParse(Encoding.UTF8.GetBytes(text), out var stat).ShouldBeTrue();
        stat.ShouldBe(new ProcessStat(state, started));
        stat.HasEnded.ShouldBe(ended);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 (agent) S 4 5")]
    [InlineData("1 (agent")]
    public void A_text_that_is_too_short_is_none(string text) => ProcessStat.TryParse(Encoding.UTF8.GetBytes(text), out _).ShouldBeFalse();
}
