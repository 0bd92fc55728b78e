using CsCheck;
using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.History.Blocks;

public sealed class RollupBlockTests
{
    private static readonly Gen<Spread> Spreads = Gen.Frequency(
        (1, Gen.Const(Spread.None)),
        (1, Gen.Const(new Spread(0, 0, 0))),
        (4, Gen.Select(Gen.Double[0, 1], Gen.Double[0, 1], Gen.Double[0, 50], (one, other, size) =>
        {
            var max = Math.Pow(2, size);
            return new Spread((float)(max * Math.Min(one, other)), (float)(max * Math.Max(one, other)), (float)max);
        })));

    private static readonly Gen<Rollup[]> Rollups = Gen.Select(
        Gen.Long[0, 100_000_000], Gen.Select(Gen.Int[1, 5], Gen.Int[0, 120], Spreads.Array[SampleShape.MostMetrics]).Array[1, 150], (first, all) =>
        {
            var index = first;
            return all.Select(one =>
            {
                index += one.Item1 == 5 ? 1000 : one.Item1 < 4 ? 1 : one.Item1;
                var rollup = new Rollup { Start = index * 60, Count = one.Item2 };
                one.Item3.CopyTo((Span<Spread>)rollup.Values);
                return rollup;
            }).ToArray();
        });

    [Fact]
    public void What_was_packed_is_unpacked_and_again_without_a_change() => Rollups.Sample(rollups =>
    {
        var block = RollupBlock.Encode(SampleShape.Container, 60, rollups);
        var read = Decode(block);
        read.Select(one => (one.Start, one.Count)).ShouldBe(rollups.Select(one => (one.Start, one.Count)));
        foreach (var (one, other) in read.Zip(rollups))
        {
            for (var i = 0; i < SampleShape.MostMetrics; i++)
            {
                var tolerance = SampleShape.Container.ScaleOf(i) == 1 ? 0.5 : 0.005;
                var share = 0.51 / (1 << SampleShape.Container.Metrics[i].Bits);
                one.Values[i].HasValue.ShouldBe(other.Values[i].HasValue);
                if (one.Values[i].HasValue)
                {
                    ((double)one.Values[i].Min).ShouldBe(other.Values[i].Min, tolerance + (other.Values[i].Min * share));
                    ((double)one.Values[i].Avg).ShouldBe(other.Values[i].Avg, tolerance + (other.Values[i].Avg * share));
                    ((double)one.Values[i].Max).ShouldBe(other.Values[i].Max, tolerance + (other.Values[i].Max * share));
                    one.Values[i].Min.ShouldBeLessThanOrEqualTo(one.Values[i].Avg);
                    one.Values[i].Avg.ShouldBeLessThanOrEqualTo(one.Values[i].Max);
                }
            }
        }

        RollupBlock.Encode(SampleShape.Container, 60, read).ShouldBe(block);
    }, iter: 300);

    [Fact]
    public void Any_bytes_are_refused_or_read_and_nothing_else() => Gen.Byte.Array[0, 400].Sample(bytes =>
        RollupBlock.TryDecode(SampleShape.Host, bytes, []).ShouldBeFalse());

    [Fact]
    public void One_changed_byte_is_noticed() => Gen.Select(Rollups, Gen.Int[0, 1_000_000], Gen.Byte[1, 255]).Sample((rollups, place, change) =>
    {
        var block = RollupBlock.Encode(SampleShape.Container, 60, rollups);
        block[place % block.Length] ^= change;
        RollupBlock.TryDecode(SampleShape.Container, block, []).ShouldBeFalse();
    }, iter: 300);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(8589934592)]
    public void Small_numbers_and_powers_of_two_are_exact(double number)
    {
        Quantity.TryDecode(Quantity.Encode(number, 8), 8, out var value).ShouldBeTrue();
        value.ShouldBe(number);
    }

    [Fact]
    public void Codes_have_the_order_of_their_numbers() => Gen.Double[0, 4e18].Array[2].Sample(pair =>
        (Quantity.Encode(pair.Max(), 6) >= Quantity.Encode(pair.Min(), 6)).ShouldBeTrue());

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_number_that_is_no_code_is_refused(long code) => Quantity.TryDecode(code, 8, out _).ShouldBeFalse();

    [Fact]
    public void A_number_out_of_range_is_brought_into_it()
    {
        Quantity.Encode(-5, 8).ShouldBe(Quantity.Encode(0, 8));
        Quantity.Encode(double.PositiveInfinity, 8).ShouldBe(Quantity.Encode(4e18, 8));
        Quantity.TryDecode(Quantity.Encode(double.MaxValue, 8), 8, out var most).ShouldBeTrue();
        most.ShouldBe(4e18, 4e18 * 0.002);
    }

    [Fact]
    public void A_minute_takes_a_few_bytes_of_an_idle_container_and_at_most_27_of_a_busy_one()
    {
        var random = new Random(11);
        var busy = new List<Rollup>();
        for (var minute = 0; minute < 60; minute++)
        {
            var rollup = new Rollup { Start = (29_000_000L + minute) * 60, Count = 60 };
            for (var i = 0; i < SampleShape.MostMetrics; i++)
            {
                var avg = i == 2 ? 8e9 : (i == 0 ? 40 : 5e6) * (0.5 + random.NextDouble());
                rollup.Values[i] = new Spread((float)(avg * (i == 2 ? 1 : 0.3)), (float)avg, (float)(avg * (i == 2 ? 1 : 3)));
            }

            busy.Add(rollup);
        }

        (RollupBlock.Encode(SampleShape.Container, 60, busy).Length / 60.0).ShouldBeLessThan(27);
        var idle = busy.Select(one => busy[0] with { Start = one.Start }).ToList();
        RollupBlock.Encode(SampleShape.Container, 60, idle).Length.ShouldBeLessThan(120);
    }

    private static List<Rollup> Decode(byte[] block)
    {
        var read = new List<Rollup>();
        RollupBlock.TryDecode(SampleShape.Container, block, read).ShouldBeTrue();
        return read;
    }
}
