using System.Text;
using DockMon.Agent.Yaml;
using Shouldly;
using Xunit;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Tests.Yaml;

public sealed class SafeYamlTests
{
    [Fact]
    public void A_file_for_people_is_read_with_its_anchors()
    {
        var root = SafeYaml.Read("base: &base {a: 1}\nother: *base\n").ShouldBeOfType<YamlMappingNode>();
        root.Children[new YamlScalarNode("other")].ShouldBeOfType<YamlMappingNode>().Children.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a: [")]
    [InlineData("{a: 1}: b")]
    [InlineData("? [a]\n: b")]
    [InlineData("a: *nothing")]
    public void What_is_no_such_file_has_no_root(string text) => SafeYaml.Read(text).ShouldBeNull();

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(200_000, false)]
    public void Brackets_are_read_only_to_a_depth_that_no_stack_overflows(int depth, bool isRead) =>
        (SafeYaml.Read(new string('[', depth) + new string(']', depth)) is not null).ShouldBe(isRead);

    [Fact]
    public void Keys_that_are_made_of_references_are_refused_and_not_compared()
    {
        var text = new StringBuilder("a0: &a0 [x, x]\n");
        for (var i = 1; i < 40; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n");
        }

        SafeYaml.Read(text.Append("? *a39\n: 1\n").ToString()).ShouldBeNull();
    }

    [Fact]
    public void An_error_says_where_it_is() =>
        Should.Throw<YamlException>(() => SafeYaml.Load("a: 1\n[b]: 2\n")).Start.Line.ShouldBe(2);
}
