using System.Buffers.Binary;
using DockMon.Hub.Agents;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Streams;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus.Streams;

public sealed class BusStreamTests
{
    private const string Subject = "test.stream";

    private readonly InProcessBus _bus = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_arrive_whole_in_both_directions_whatever_their_size()
    {
        await using var here = await BusStream.OpenAsync(_bus, Subject, first: true, Token);
        await using var there = await BusStream.OpenAsync(_bus, Subject, first: false, Token);
        foreach (var size in new[] { 0, 1, BusStream.FrameBytes, BusStream.FrameBytes + 1, 5_000_000 })
        {
            foreach (var (from, to) in new[] { (here, there), (there, here) })
            {
                var writing = from.WriteAsync(new byte[size], Token);
                (await NextAsync(to)).Length.ShouldBe(size);
                await writing;
            }
        }
    }

    [Fact]
    public async Task A_writer_waits_for_a_reader_after_so_many_frames()
    {
        await using var here = await BusStream.OpenAsync(_bus, Subject, first: true, Token);
        await using var there = await BusStream.OpenAsync(_bus, Subject, first: false, Token);
        for (var i = 0; i < BusStream.Window; i++)
        {
            await here.WriteAsync(new byte[i], Token);
        }

        var waiting = here.WriteAsync("one more"u8.ToArray(), Token);
        waiting.IsCompleted.ShouldBeFalse();
        await using var reader = there.ReadAllAsync(Token).GetAsyncEnumerator(Token);
        for (var i = 0; i < BusStream.Window; i++)
        {
            (await reader.MoveNextAsync()).ShouldBeTrue();
            reader.Current.Length.ShouldBe(i);
        }

        await waiting;
        (await reader.MoveNextAsync()).ShouldBeTrue();
        reader.Current.ToArray().ShouldBe("one more"u8.ToArray());
    }

    [Fact]
    public async Task Who_ends_a_stream_while_its_owner_closes_it_gets_no_error()
    {
        for (var i = 0; i < 100000; i++)
        {
            var stream = await BusStream.OpenAsync(_bus, Subject + i, first: true, Token);
            using var start = new Barrier(2);
            var ending = Task.Run(
                () =>
                {
                    start.SignalAndWait(Token);
                    stream.End("the hub is gone");
                },
                Token);
            start.SignalAndWait(Token);
            await stream.DisposeAsync();
            await ending;
        }
    }

    [Fact]
    public async Task A_missing_frame_ends_the_stream_with_a_reason_after_what_came_before()
    {
        await using var here = await BusStream.OpenAsync(_bus, Subject, first: true, Token);
        await using var there = await BusStream.OpenAsync(_bus, Subject, first: false, Token);
        await here.WriteAsync("before"u8.ToArray(), Token);
        await SendFrameAsync(".there", kind: 1, number: 7);
        await using var reader = there.ReadAllAsync(Token).GetAsyncEnumerator(Token);
        (await reader.MoveNextAsync()).ShouldBeTrue();
        (await Should.ThrowAsync<AgentException>(async () => await reader.MoveNextAsync())).Message.ShouldContain("lost");
        await Should.ThrowAsync<AgentException>(() => there.WriteAsync(new byte[1], Token));
    }

    [Fact]
    public async Task A_sender_without_credit_ends_the_stream()
    {
        await using var there = await BusStream.OpenAsync(_bus, Subject, first: false, Token);
        for (var i = 0; i <= BusStream.Window; i++)
        {
            await SendFrameAsync(".there", kind: 1, i);
        }

        (await Should.ThrowAsync<AgentException>(async () =>
        {
            await foreach (var _ in there.ReadAllAsync(Token))
            {
                // Up to the end.
            }
        })).Message.ShouldContain("more than it may");
    }

    [Theory]
    [InlineData("")]
    [InlineData("the reason")]
    public async Task The_end_arrives_with_its_reason_and_frees_a_writer_who_waits(string reason)
    {
        var here = await BusStream.OpenAsync(_bus, Subject, first: true, Token);
        await using var there = await BusStream.OpenAsync(_bus, Subject, first: false, Token);
        await here.WriteAsync("last"u8.ToArray(), Token);
        var waiting = there.WriteAsync(new byte[BusStream.FrameBytes * (BusStream.Window + 1)], Token);
        here.End(reason);
        await here.DisposeAsync();
        await Should.ThrowAsync<AgentException>(() => waiting);
        await using var reader = there.ReadAllAsync(Token).GetAsyncEnumerator(Token);
        (await reader.MoveNextAsync()).ShouldBeTrue();
        if (reason.Length == 0)
        {
            (await reader.MoveNextAsync()).ShouldBeFalse();
        }
        else
        {
            (await Should.ThrowAsync<AgentException>(async () => await reader.MoveNextAsync())).Message.ShouldBe(reason);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> NextAsync(BusStream stream)
    {
        await foreach (var message in stream.ReadAllAsync(Token))
        {
            return message;
        }

        throw new InvalidOperationException("The stream ended.");
    }

    private Task<bool> SendFrameAsync(string direction, byte kind, int number)
    {
        var frame = new byte[6];
        frame[0] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(1), number);
        return _bus.PublishAsync(Subject + direction, frame, Token);
    }
}
