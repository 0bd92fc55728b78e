using DockMon.Agent.Threading;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

/// <summary>How soon five hundred agents are back after an outage, by the numbers.</summary>
public sealed class ReturnTests
{
    private const int Agents = 500;

    [Theory]
    [InlineData(75, 23, 9, 19)]
    [InlineData(20, 7, 3, 6)]
    [InlineData(3600, 30, 13, 27)]
    public void After_an_outage_most_agents_are_back_soon_and_never_all_at_once(int outage, double last, double median, double most)
    {
        var returns = Enumerable.Range(1, Agents).Select(seed => Tries(seed).First(at => at >= outage) - outage).Order().ToList();
        returns[^1].ShouldBeLessThanOrEqualTo(last);
        returns[Agents / 2].ShouldBeLessThanOrEqualTo(median);
        returns[Agents * 95 / 100].ShouldBeLessThanOrEqualTo(most);
        returns.GroupBy(Math.Floor).Max(second => second.Count()).ShouldBeLessThanOrEqualTo(Agents / 3);
    }

    [Fact]
    public void None_of_them_tries_more_often_than_a_server_in_trouble_bears()
    {
        foreach (var seed in Enumerable.Range(1, Agents))
        {
            Tries(seed).TakeWhile(at => at < 600).Count().ShouldBeInRange(8, 60);
        }
    }

    /// <summary>The seconds at which an agent tries, from the moment its connection ended.</summary>
    private static IEnumerable<double> Tries(int seed)
    {
        var backoff = Backoff.ToServer(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), new Random(seed));
        for (var at = 0.0; ;)
        {
            at += backoff.Next().TotalSeconds;
            yield return at;
        }
    }
}
