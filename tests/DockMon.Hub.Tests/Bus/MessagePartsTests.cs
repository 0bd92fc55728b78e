using CsCheck;
using DockMon.Hub.Bus;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

public sealed class MessagePartsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(MessageParts.PartBytes)]
    [InlineData(MessageParts.PartBytes + 1)]
    [InlineData(MessageParts.MaxBytes)]
    public void What_was_cut_is_joined_whatever_its_size(int size)
    {
        var message = new byte[size];
        new Random(size).NextBytes(message);
        var parts = MessageParts.Cut(message).ToList();
        parts.Max(part => part.Length).ShouldBeLessThan(1024 * 1024);
        var joiner = new MessageParts();
        foreach (var part in parts.SkipLast(1))
        {
            joiner.Add(part).ShouldBeNull();
        }

        joiner.Add(parts[^1])!.Value.ToArray().ShouldBe(message);
    }

    [Fact]
    public void A_message_that_is_too_large_is_not_cut() =>
        Should.Throw<ArgumentException>(() => MessageParts.Cut(new byte[MessageParts.MaxBytes + 1]).Count());

    [Fact]
    public void Parts_of_several_messages_may_come_in_between()
    {
        var first = MessageParts.Cut(new byte[300_000]).ToList();
        var second = MessageParts.Cut(new byte[200_000]).ToList();
        var joiner = new MessageParts();
        joiner.Add(first[0]).ShouldBeNull();
        joiner.Add(second[0]).ShouldBeNull();
        joiner.Add(first[1]).ShouldBeNull();
        joiner.Add(second[1])!.Value.Length.ShouldBe(200_000);
        joiner.Add(first[2])!.Value.Length.ShouldBe(300_000);
        joiner.Lost.ShouldBe(0);
    }

    [Fact]
    public void A_message_with_a_missing_part_is_given_up_and_later_ones_are_not()
    {
        var parts = MessageParts.Cut(new byte[400_000]).ToList();
        var joiner = new MessageParts();
        joiner.Add(parts[0]).ShouldBeNull();
        joiner.Add(parts[2]).ShouldBeNull();
        joiner.Add(parts[3]).ShouldBeNull();
        joiner.Lost.ShouldBe(1);
        joiner.Add(MessageParts.Cut("next"u8.ToArray()).Single())!.Value.ToArray().ShouldBe("next"u8.ToArray());
    }

    [Fact]
    public void Incomplete_messages_have_a_limit_and_the_oldest_go()
    {
        var joiner = new MessageParts();
        var begun = Enumerable.Range(0, 6).Select(_ => MessageParts.Cut(new byte[MessageParts.MaxBytes]).ToList()).ToList();
        begun.ForEach(parts => joiner.Add(parts[0]).ShouldBeNull());
        joiner.Lost.ShouldBe(2);
        foreach (var part in begun[^1].Skip(1).SkipLast(1))
        {
            joiner.Add(part).ShouldBeNull();
        }

        joiner.Add(begun[^1][^1]).ShouldNotBeNull();
    }

    [Fact]
    public void Whatever_comes_is_no_message_or_one() =>
        Gen.Byte.Array[0, 40].Array[0, 20].Sample(parts =>
        {
            var joiner = new MessageParts();
            foreach (var part in parts)
            {
                joiner.Add(part);
            }
        });
}
