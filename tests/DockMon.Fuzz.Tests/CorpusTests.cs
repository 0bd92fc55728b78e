using CsCheck;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Fuzz.Tests;

/// <summary>Every target over its corpus: real inputs, and those that once broke something. eng/fuzz looks for new ones.</summary>
public sealed class CorpusTests
{
    private static readonly string Corpus = Path.Combine(Repository.Root, "tests", "DockMon.Fuzz", "Corpus");

    // Not how fast it is: an input that takes this long keeps the reader busy for ever.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Every_input_of_the_corpus_is_read_or_refused(string name)
    {
        var inputs = Inputs(name);
        inputs.ShouldNotBeEmpty();
        foreach (var input in inputs)
        {
            await RunAsync(FuzzTargets.Find(name), input, await File.ReadAllBytesAsync(input, TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Random_bytes_and_broken_inputs_are_read_or_refused(string name)
    {
        var target = FuzzTargets.Find(name);
        byte[][] inputs = [.. Inputs(name).Select(File.ReadAllBytes)];
        var broken = Gen.Select(Gen.OneOf(inputs), Gen.Select(Gen.Int[0, int.MaxValue], Gen.Byte).Array[1, 5], Gen.Int[0, 20]).Select((input, changes, cut) =>
        {
            var bytes = input[..Math.Max(Math.Min(1, input.Length), input.Length - cut)];
            foreach (var (place, value) in changes.Where(_ => bytes.Length > 0))
            {
                bytes[place % bytes.Length] = value;
            }

            return bytes;
        });
        await Task.Run(() => Gen.OneOf(Gen.Byte.Array[0, 200], broken, broken, broken).Sample(target.Run, iter: 300, threads: 1))
            .WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void There_is_no_corpus_without_a_target() => Directory.GetDirectories(Corpus).Select(Path.GetFileName).ShouldBe(
        FuzzTargets.All.Select(target => target.Name), ignoreOrder: true);

    private static string[] Inputs(string name) => Directory.GetFiles(Path.Combine(Corpus, name));

    private static async Task RunAsync(FuzzTarget target, string file, byte[] input)
    {
        try
        {
            await Task.Run(() => target.Run(input)).WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{file}: {e.Message}", e);
        }
    }
}
