using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Json;

public sealed class JsonExtensionsTests
{
    private const string Document = """{"text":"a","half":"\uD800","number":1,"null":null,"true":true,"false":false,"object":{"b":"c"},"list":["d"]}""";

    private readonly JsonElement _element = JsonElement.Parse(Document);

    [Fact]
    public void A_text_is_found()
    {
        _element.FindText("text").ShouldBe("a");
        _element.GetText("text").ShouldBe("a");
        JsonNode.Parse(Document)!.AsObject().GetText("text").ShouldBe("a");
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("null")]
    [InlineData("number")]
    [InlineData("object")]
    [InlineData("list")]
    [InlineData("half")]
    public void A_member_that_is_no_text_is_absent(string name)
    {
        _element.FindText(name).ShouldBeNull();
        _element.GetText(name).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("null")]
    [InlineData("number")]
    [InlineData("object")]
    public void A_member_of_a_node_that_is_no_text_is_absent(string name) => JsonNode.Parse(Document)!.AsObject().GetText(name).ShouldBeEmpty();

    [Theory]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("[1]")]
    public void What_is_no_object_has_no_members(string json)
    {
        var element = JsonElement.Parse(json);

        element.FindText("text").ShouldBeNull();
        element.GetMembers("object").ShouldBeEmpty();
        element.GetItems("list").ShouldBeEmpty();
        element.IsTrue("true").ShouldBeFalse();
    }

    [Fact]
    public void Nothing_at_all_has_no_members() => default(JsonElement).FindText("text").ShouldBeNull();

    [Fact]
    public void Members_and_items_are_those_of_an_object_and_a_list()
    {
        _element.GetMembers("object").ShouldHaveSingleItem().Name.ShouldBe("b");
        _element.GetItems("list").ShouldHaveSingleItem().GetString().ShouldBe("d");
        _element.GetMembers("list").ShouldBeEmpty();
        _element.GetItems("object").ShouldBeEmpty();
        _element.GetObject("object").GetText("b").ShouldBe("c");
        _element.GetObject("missing").GetText("b").ShouldBeEmpty();
    }

    [Fact]
    public void The_reason_of_an_error_is_without_its_position()
    {
        var error = Should.Throw<JsonException>(() => JsonElement.Parse("""{"type":{}}""").Deserialize(ProtocolJson.Default.AuthError));

        error.Message.ShouldContain("$.type");
        error.GetReason().ShouldBe("The JSON value could not be converted to DockMon.Protocol.AuthError.");
    }

    [Fact]
    public void Only_true_is_true() =>
        new[] { "true", "false", "null", "number", "missing" }.Where(name => _element.IsTrue(name)).ShouldBe(["true"]);
}
