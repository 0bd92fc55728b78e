using DockMon.Agent.Compose.Deploy;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy;

public sealed class ComposeReferenceTests
{
    [Fact]
    public void A_variable_stands_for_anything_and_so_does_one_in_its_default() =>
        Paths("services: {a: {env_file: '${A:-${B:-$C}}/${D}.env'}}").ShouldBe(["/opt/stacks/shop/*/*.env"]);

    [Fact]
    public void Variables_nested_deeper_than_anybody_writes_them_lead_nowhere_and_take_no_time()
    {
        // Each level would cost a look at the whole text: with these, the time of a hundred thousand of them.
        var nested = string.Concat(Enumerable.Repeat("${A:-", 100_000)) + "x" + new string('}', 100_000);
        Paths($"services: {{a: {{env_file: '{nested}'}}}}").Single().ShouldStartWith("/opt/stacks/shop/${A:-${A:-");
    }

    private static IEnumerable<string> Paths(string text) => ComposeReference.Read(text, "/opt/stacks/shop").Select(reference => reference.Path);
}
