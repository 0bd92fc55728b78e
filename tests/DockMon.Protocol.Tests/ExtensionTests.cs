using System.Reflection;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

public sealed class ExtensionTests
{
    private static readonly string[] All =
        [.. typeof(ExtensionNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];

    [Fact]
    public void A_DockMon_server_as_it_was_seen_uses_none()
    {
        var seen = Wire.Lines.Single(line => line.Json["type"]?.GetValue<string>() == FrameTypes.AuthSuccess);
        var auth = JsonSerializer.Deserialize(seen.Bytes, ProtocolJson.Default.AuthSuccess)!;
        All.ShouldNotBeEmpty();
        All.Where(auth.Uses).ShouldBeEmpty();
    }

    [Fact]
    public void A_server_that_uses_none_answers_as_DockMon_does()
    {
        var seen = Wire.Lines.Single(line => line.Json["type"]?.GetValue<string>() == FrameTypes.AuthSuccess);
        var answer = new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = "t" };
        var fields = JsonElement.Parse(FrameWriter.Message(answer, ProtocolJson.Default.AuthSuccess)).EnumerateObject().Select(field => field.Name);
        fields.ShouldBe(seen.Json.Select(field => field.Key), ignoreOrder: true);
    }

    [Theory]
    [InlineData("""{"extensions":["command_ids","something_new",null]}""", new[] { ExtensionNames.CommandIds })]
    [InlineData("""{"extended_host_stats":true}""", new[] { ExtensionNames.ExtendedHostStats })]
    [InlineData("""{"extended_host_stats":false,"extensions":[]}""", new string[0])]
    public void What_a_server_names_is_used(string fields, string[] used)
    {
        var json = $"{fields[..^1]},\"agent_id\":\"a\",\"host_id\":\"h\",\"permanent_token\":\"t\"}}";
        var auth = JsonSerializer.Deserialize(json, ProtocolJson.Default.AuthSuccess)!;
        All.Where(auth.Uses).ShouldBe(used);
    }

    [Fact]
    public void No_extension_has_the_name_of_a_capability_of_DockMon()
    {
        var seen = Wire.Register.Json["capabilities"]!.AsObject().Select(capability => capability.Key);
        All.Intersect(seen, StringComparer.Ordinal).ShouldBeEmpty();
    }
}
