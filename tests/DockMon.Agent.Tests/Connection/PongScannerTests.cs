using System.Buffers.Binary;
using CsCheck;
using DockMon.Agent.Connection;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class PongScannerTests
{
    private const int Pong = 0xa;

    [Fact]
    public void Our_pongs_are_found_among_frames_of_any_kind_and_size_however_the_bytes_are_cut() =>
        Gen.Select(
            Gen.Select(
                Gen.OneOf(Gen.Const(Pong), Gen.Int[0, 15]), Gen.OneOf(Gen.Int[0, 20], Gen.Int[120, 130], Gen.Int[65_530, 65_540]), Gen.Bool).Array[0, 12],
            Gen.OneOf(Gen.Int[1, 3], Gen.Int[1, 70_000]).Array[1, 10],
            Gen.Int).Sample((frames, cuts, seed) =>
        {
            var random = new Random(seed);
            var expected = new List<long>();
            using var wire = new MemoryStream();
            foreach (var (opcode, size, isOurs) in frames)
            {
                var payload = new byte[opcode == Pong && isOurs ? sizeof(long) : size];
                random.NextBytes(payload); // Much of which looks like pongs.
                payload.AsSpan().Replace((byte)0, (byte)(0x80 | Pong));
                if (opcode == Pong && payload.Length == sizeof(long))
                {
                    expected.Add(BinaryPrimitives.ReadInt64BigEndian(payload));
                }

                wire.Write(Frame(opcode, payload));
            }

            var found = new List<long>();
            var scanner = new PongScanner(found.Add);
            var rest = wire.ToArray().AsSpan();
            for (var i = 0; !rest.IsEmpty; i++)
            {
                var count = Math.Min(cuts[i % cuts.Length], rest.Length);
                scanner.Scan(rest[..count]);
                rest = rest[count..];
            }

            found.ShouldBe(expected);
        }, iter: 300);

    [Fact]
    public void A_frame_with_a_mask_which_no_server_sends_does_not_lose_the_place()
    {
        var found = new List<long>();
        var scanner = new PongScanner(found.Add);
        scanner.Scan([0x81, 0x83, 0x8a, 8, 0, 0, 1, 2, 3]);
        scanner.Scan(Frame(Pong, [0, 0, 0, 0, 0, 0, 1, 2]));
        found.ShouldBe([258]);
    }

    private static byte[] Frame(int opcode, byte[] payload)
    {
        byte[] length = payload.Length switch
        {
            < 126 => [(byte)payload.Length],
            < 65_536 => [126, (byte)(payload.Length >> 8), (byte)payload.Length],
            _ => [127, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length],
        };
        return [(byte)(0x80 | opcode), .. length, .. payload];
    }
}
