using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace DockMon.Engine.Tests;

public sealed class JsonTrimmerTests
{
    private const int Reserve = 32 * 1024;

    private static readonly JsonLimits Small = new(Text: 20, 400_000, 200_000, 100_000);

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.String[Gen.Char["ab\u00e9\u20ac\"\\{}[],:\n\u0001"], 0, 60],
        Gen.Const("\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00"));

    [Fact]
    public void Whatever_is_within_the_limits_stays_byte_for_byte_however_the_bytes_are_divided() =>
        Gen.Select(Values(3), Gen.Int[1, 40]).Sample(
            (value, piece) =>
            {
                var text = $"{{ \"value\" :\t[ {value?.ToJsonString() ?? "null"} ,\n1.50 ] }}";
                Trim(text, new JsonLimits(10_000, 10_000_000, 10_000_000), piece).ShouldBe((text, 0));
            },
            iter: 500);

    [Fact]
    public void Whatever_is_cut_is_still_JSON_with_every_string_within_its_limit() =>
        Gen.Select(Values(3), Gen.Int[1, 40]).Sample(
            (value, piece) =>
            {
                var (text, _) = Trim($"[{value?.ToJsonString() ?? "null"}]", Small, piece);
                CheckTexts(JsonElement.Parse(text));
            },
            iter: 500);

    [Theory]
    [InlineData("""["0123456789012345678"]""", """["0123456789012345678"]""")]
    [InlineData("""["012345678901234567890"]""", """["01234567890123456789… (cut, 21 bytes)"]""")]
    [InlineData("""["0123456789012345678é"]""", """["0123456789012345678… (cut, 21 bytes)"]""")]
    [InlineData("""["0123456789012345678\\\\"]""", """["0123456789012345678… (cut, 23 bytes)"]""")]
    [InlineData("""["0123456789012345\u00e9"]""", """["0123456789012345… (cut, 22 bytes)"]""")]
    [InlineData("""["01234567890123\ud83d\ude00"]""", """["01234567890123… (cut, 26 bytes)"]""")]
    [InlineData("""{"012345678901234567890":1}""", """{"01234567890123456789… (cut, 21 bytes)":1}""")]
    public void A_string_is_cut_between_characters_and_says_how_long_it_was(string json, string expected) => Trim(json, Small, 3).Text.ShouldBe(expected);

    [Fact]
    public void Bytes_that_are_no_character_swallow_no_escape_behind_them()
    {
        using var trimmer = new JsonTrimmer(Small);
        trimmer.FeedAll([.. "[\""u8, 0xc3, .. """\\\\\\\\\\\\\\\\\\\\\\\\\\\\"]"""u8]);
        trimmer.Copied.ToArray().ShouldBe([.. "[\""u8, 0xc3, .. """\\\\\\\\\\\\\\\\\\… (cut, 29 bytes)"]"""u8]);
    }

    [Fact]
    public void A_long_member_costs_itself_and_what_stands_beside_it_stays()
    {
        var labels = string.Join(',', Enumerable.Range(0, 20_000).Select(n => $"\"label{n}\":\"{n}\""));
        var (text, cuts) = Trim($$"""[{"Id":"a","Labels":{{{labels}},"com.docker.compose.service":"web"},"State":"running"},{"Id":"b"}]""", Small, 1000);
        cuts.ShouldBe(2); // The labels, and the name of the service's label, which these small limits cut as well.
        var list = JsonElement.Parse(text);
        list[0].GetProperty("State").GetString().ShouldBe("running");
        list[0].GetProperty("Labels").GetProperty("label0").GetString().ShouldBe("0");
        var length = labels.Length + """{,"com.docker.compose.service":"web"}""".Length;
        list[0].GetProperty("Labels").GetProperty(JsonCut.MarkName).GetString().ShouldBe($"(cut, {length} bytes)");
        list[1].GetProperty("Id").GetString().ShouldBe("b");
        text.Length.ShouldBeLessThan(100_000 + Reserve);
    }

    [Fact]
    public void What_is_essential_is_kept_behind_what_did_not_fit()
    {
        var many = string.Join(',', Enumerable.Range(0, 30_000).Select(n => $"\"a{n}\":\"{n}\""));
        var (text, _) = Trim($$$"""{"Actor":{"Attributes":{{{{many}}},"exitCode":"137","image":"i","name":"web","zone":"x"}},"timeNano":5}""", Small, 1000);
        var kept = JsonElement.Parse(text);
        var attributes = kept.GetProperty("Actor").GetProperty("Attributes");
        attributes.GetProperty("exitCode").GetString().ShouldBe("137");
        attributes.GetProperty("name").GetString().ShouldBe("web");
        attributes.TryGetProperty("zone", out _).ShouldBeFalse();
        kept.GetProperty("timeNano").GetInt32().ShouldBe(5);
    }

    [Fact]
    public void A_list_that_is_too_long_ends_with_the_last_element_that_fits()
    {
        var (text, cuts) = Trim("[" + string.Join(',', Enumerable.Range(0, 100_000).Select(n => $"{{\"Id\":{n}}}")) + "]", Small, 1000);
        cuts.ShouldBe(1);
        var list = JsonElement.Parse(text);
        list.GetArrayLength().ShouldBeInRange(20_000, 40_000);
        list[list.GetArrayLength() - 1].GetProperty("Id").GetInt32().ShouldBe(list.GetArrayLength() - 1);
    }

    [Fact]
    public void The_copy_of_a_document_of_half_a_gigabyte_needs_no_more_than_its_limits()
    {
        using var trimmer = new JsonTrimmer(Small);
        var piece = Encoding.UTF8.GetBytes(new string('x', 64 * 1024));
        trimmer.Feed("""[{"Id":"a","Labels":{"l":" """u8);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 8 * 1024; i++)
        {
            trimmer.Feed(piece);
        }

        trimmer.Feed("\"}}]"u8);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1024 * 1024);
        trimmer.IsComplete.ShouldBeTrue();
        Encoding.UTF8.GetString(trimmer.Copied.Span).ShouldBe("""[{"Id":"a","Labels":{"l":" xxxxxxxxxxxxxxxxxxx… (cut, 536870913 bytes)"}}]""");
    }

    [Fact]
    public void A_list_of_a_thousand_containers_of_which_twenty_have_four_megabytes_of_labels_has_all_of_them()
    {
        using var trimmer = new JsonTrimmer(JsonLimits.List);
        trimmer.FeedAll("["u8);
        for (var i = 0; i < 1000; i++)
        {
            trimmer.FeedAll(Encoding.UTF8.GetBytes($"{(i == 0 ? "" : ",")}{{\"Id\":\"{i}\",\"Labels\":{{\"first\":\"1\""));
            for (var n = 0; i % 50 == 0 && n < 64; n++)
            {
                trimmer.FeedAll(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(n * 1024, 1024)
                    .Select(label => $",\"label {label:d6}\":\"{label:d40}\""))));
            }

            trimmer.FeedAll("},\"State\":\"running\"}"u8);
        }

        trimmer.FeedAll("]"u8);
        trimmer.ShouldSatisfyAllConditions(
            () => trimmer.Length.ShouldBeGreaterThan(70_000_000), () => trimmer.Copied.Length.ShouldBeLessThan(6_000_000), () => trimmer.Cuts.ShouldBe(20));
        var list = JsonElement.Parse(trimmer.Copied.Span);
        list.EnumerateArray().Select(item => item.GetProperty("Id").GetString()).ShouldBe(Enumerable.Range(0, 1000).Select(i => $"{i}"));
        list.EnumerateArray()
            .ShouldAllBe(item => item.GetProperty("State").GetString() == "running" && item.GetProperty("Labels").GetProperty("first").GetString() == "1");
    }

    [Theory]
    [InlineData("<html>, \"no\" JSON</html>")]
    [InlineData("}}]]")]
    [InlineData("{]")]
    [InlineData("OK")]
    [InlineData("[,,]")]
    public void What_is_no_JSON_is_passed_on_for_its_reader_to_refuse(string text) => Trim(text, Small, 3).Text.ShouldBe(text);

    private static (string Text, int Cuts) Trim(string json, JsonLimits limits, int piece)
    {
        using var trimmer = new JsonTrimmer(limits);
        foreach (var bytes in Encoding.UTF8.GetBytes(json).Chunk(piece))
        {
            trimmer.FeedAll(bytes);
        }

        return (Encoding.UTF8.GetString(trimmer.Copied.Span), trimmer.Cuts);
    }

    private static void CheckTexts(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                Encoding.UTF8.GetByteCount(value.GetString()!).ShouldBeLessThan(60);
                break;
            case JsonValueKind.Array:
                value.EnumerateArray().ToList().ForEach(CheckTexts);
                break;
            case JsonValueKind.Object:
                value.EnumerateObject().ToList().ForEach(member => CheckTexts(member.Value));
                break;
            default:
                break;
        }
    }

    private static Gen<JsonNode?> Values(int depth)
    {
        var simple = Gen.OneOf(
            Texts.Select(text => (JsonNode?)JsonValue.Create(text)), Gen.Int.Select(number => (JsonNode?)JsonValue.Create(number)), Gen.Const((JsonNode?)null));
        return depth == 0 ? simple : Gen.OneOf(
            simple,
            Values(depth - 1).Array[0, 4].Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])),
            Gen.Select(Texts, Values(depth - 1)).Array[0, 4].Select(members =>
                (JsonNode?)new JsonObject(
                    members.DistinctBy(member => member.Item1).Select(member => KeyValuePair.Create(member.Item1, member.Item2?.DeepClone())))));
    }
}
