using System.Reflection;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests;

/// <summary>docs/protocol.md has every name that goes over the wire.</summary>
public sealed class ProtocolPageTests
{
    [Fact]
    public void Every_name_of_the_protocol_is_on_its_page()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "protocol.md"));
        // Texts with spaces are the server's own words.
        string[] names =
        [
            .. typeof(FrameTypes).Assembly.GetTypes()
                .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
                .Where(field => field is { IsLiteral: true, DeclaringType.IsEnum: false } && field.FieldType == typeof(string))
                .Select(field => (string)field.GetRawConstantValue()!)
                .Where(name => !name.Contains(' ', StringComparison.Ordinal)),
        ];
        names.Length.ShouldBeGreaterThan(50);
        names.Where(name => !page.Contains(name, StringComparison.Ordinal)).ShouldBeEmpty("docs/protocol.md lacks these names");
    }
}
