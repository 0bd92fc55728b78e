using System.Text;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

public sealed class JsonTextsTests
{
    [Fact]
    public void Each_text_comes_with_its_place_and_keys_do_not_come()
    {
        List<string> seen = [];
        Replace("""{"a":"1","b":{"c":["2","3",[4,"5"],{"d":"6"}],"e":"7"}}""", (text, place) =>
        {
            seen.Add($"{text} {place.IsList} {place.Parent}/{place.Name}/{place.Key} after {place.Before} {place.IsIn("c")}");
            return text;
        });
        seen.ShouldBe(
        [
            "1 False //a after  False",
            "2 True b/c/ after  True",
            "3 True b/c/ after 2 True",
            "5 True c// after  True",
            "6 False c//d after  True",
            "7 False /b/e after  False",
        ]);
    }

    [Theory]
    [InlineData("""{ "x" : "x", "n":1.50 }""", """{ "x" : "a \"b\" ä", "n":1.50 }""")]
    [InlineData("\"\\u0078\"", "\"a \\\"b\\\" ä\"")]
    [InlineData("""["\u0061","\ud800",null,"x"]""", """["\u0061","\ud800",null,"a \"b\" ä"]""")]
    public void Only_what_is_replaced_is_written_anew(string json, string expected) =>
        Replace(json, (text, _) => text == "x" ? "a \"b\" ä" : text).ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("[")]
    [InlineData("{}}")]
    public void What_is_no_JSON_is_refused(string json) => Should.Throw<JsonException>(() => Replace(json, (text, _) => text));

    private static string Replace(string json, Func<string?, JsonPlace, string?> replace) =>
        Encoding.UTF8.GetString(JsonTexts.Replace(Encoding.UTF8.GetBytes(json), replace).Span);
}
