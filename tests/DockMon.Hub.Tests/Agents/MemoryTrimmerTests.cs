using DockMon.Hub.Agents;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents;

public sealed class MemoryTrimmerTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memory_is_given_back_once_when_many_agents_have_settled()
    {
        using var trimmer = new MemoryTrimmer(_time);
        await trimmer.StartAsync(Token);
        Arrive(trimmer, MemoryTrimmer.Least);
        await Retry.UntilAsync("it trimmed", () => Tick(trimmer) == 1, ct: Token);
        for (var i = 0; i < 5; i++)
        {
            Arrive(trimmer, 1);
            Tick(trimmer).ShouldBe(1);
        }

        await trimmer.StopAsync(Token);
        trimmer.Trims.ShouldBe(1);
    }

    private static void Arrive(MemoryTrimmer trimmer, int agents)
    {
        for (var i = 0; i < agents; i++)
        {
            trimmer.Arrived();
        }
    }

    private int Tick(MemoryTrimmer trimmer)
    {
        _time.Advance(MemoryTrimmer.Quiet);
        return trimmer.Trims;
    }
}
