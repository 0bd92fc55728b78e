using DockMon.Agent.Streams.Shells;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Shells;

public sealed class ShellInputTests
{
    private readonly ShellInput _input = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Input_comes_out_in_the_order_it_came()
    {
        for (var i = 0; i < 400; i++)
        {
            _input.TryAdd([(byte)i]).ShouldBeTrue();
        }

        for (var i = 0; i < 400; i++)
        {
            (await _input.NextAsync(Token)).ShouldBe([(byte)i]);
        }
    }

    [Fact]
    public async Task Only_so_much_waits_and_what_was_written_makes_room()
    {
        var half = new byte[(ShellInput.Limit / 2) - 100];
        _input.TryAdd(half).ShouldBeTrue();
        _input.TryAdd(half).ShouldBeTrue();
        _input.TryAdd(half).ShouldBeFalse();
        var taken = await _input.NextAsync(Token);
        _input.TryAdd(half).ShouldBeFalse();
        _input.Written(taken);
        _input.TryAdd(half).ShouldBeTrue();
    }

    [Fact]
    public void Single_characters_count_for_what_they_cost()
    {
        var count = 0;
        while (_input.TryAdd([1]))
        {
            count++;
        }

        count.ShouldBeLessThan(ShellInput.Limit / 50);
    }
}
