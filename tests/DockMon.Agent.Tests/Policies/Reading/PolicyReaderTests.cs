using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Reading;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Reading;

public sealed class PolicyReaderTests
{
    [Fact]
    public void Every_key_reaches_the_policy()
    {
        var policy = Read(
            """
            mode: operate
            enforce: false
            audit: required
            allow: [prune_images]
            deny: [files, "get_logs"]
            containers:
              - match: { name: "postgres*", image: 'postgres:*' }
                allow: [restart]
                deny: []
              - match:
                  label: dockmon.agent.hidden=true
                hide: true
            """);

        (policy.Origin, policy.Mode, policy.Enforce, policy.AuditRequired).ShouldBe(("test", PolicyMode.Operate, false, true));
        policy.Allow.Listed.ShouldBe(["prune_images"]);
        policy.Deny.Listed.ShouldBe(["files", "get_logs"]);
        policy.Deny.Contains("read_compose_file").ShouldBeTrue();
        policy.Containers.Count.ShouldBe(2);
        var (first, second) = (policy.Containers[0], policy.Containers[1]);
        (first.Name, first.Image?.Text, first.Label, first.Hide).ShouldBe(("postgres*", "postgres:*", null, false));
        first.Allow!.Listed.ShouldBe(["restart"]);
        first.Text.ShouldBe("containers[0] name=postgres* image=postgres:*");
        (second.Name, second.Label, second.Allow, second.Hide).ShouldBe((null, "dockmon.agent.hidden=true", null, true));
    }

    [Fact]
    public void A_mode_is_enough()
    {
        var policy = Read("mode: observe");
        (policy.Mode, policy.Enforce, policy.AuditRequired, policy.Containers.Count).ShouldBe((PolicyMode.Observe, true, false, 0));
    }

    [Fact]
    public void The_stricter_of_two_modes_holds()
    {
        PolicyReader.Read("mode: full", "test", PolicyMode.Operate).Policy!.Mode.ShouldBe(PolicyMode.Operate);
        PolicyReader.Read("mode: observe", "test", PolicyMode.Operate).Policy!.Mode.ShouldBe(PolicyMode.Observe);
        PolicyReader.Read("deny: [shell]", "test", PolicyMode.Full).Policy!.Mode.ShouldBe(PolicyMode.Full);
    }

    [Theory]
    [InlineData("mod: full", "line 1: unknown key \"mod\" (did you mean mode?); known: mode, enforce, audit,*")]
    [InlineData("mode: full\nmode: observe", "line 2: it is no YAML: *uplicate key*")]
    [InlineData("mode: Observe", "line 1: mode: unknown word \"Observe\" (did you mean observe?); known: observe, operate, full")]
    [InlineData("mode: [full]", "line 1: mode: a list stands where a text is needed")]
    [InlineData("mode:", "line 1: mode: nothing stands where a text is needed")]
    [InlineData("deny: [shell]", "line 1: mode is missing: write mode: observe, mode: operate or mode: full")]
    [InlineData("mode: full\nenforce: yes", "line 2: enforce: write true or false")]
    [InlineData("mode: full\naudit: off", "line 2: audit: unknown word \"off\"*known: required, on")]
    [InlineData("mode: full\ndeny: shell", "line 2: deny: it must be a list: [shell]")]
    [InlineData("mode: full\ndeny:", "line 2: deny: nothing stands where a list is needed")]
    [InlineData("mode: full\ndeny:\n- shell\n- shel", "line 4: deny[1]: unknown action \"shel\" (did you mean shell?); known: observe, logs, operate,*")]
    [InlineData("mode: full\ndeny: [exec]", "line 2: deny[0]: unknown action \"exec\" (did you mean shell?)*")]
    [InlineData("mode: full\ndeny: [Health-Check]", "*did you mean health_checks?*")]
    [InlineData("mode: full\ndeny: [{shell: true}]", "line 2: deny[0]: keys with values stands where a text is needed")]
    [InlineData("mode: full\ncontainers: [{match: {nam: x}, deny: [shell]}]", "line 2: containers[0].match: unknown key \"nam\" (did you mean name?)*")]
    [InlineData("mode: full\ncontainers: [{match: {image: ':'}, deny: [shell]}]", "line 2: containers[0].match.image: it must be an image*")]
    [InlineData("mode: full\ncontainers: [{match: {name: x}, deny: [stats]}]", "line 2: containers[0].deny[0]: stats is no action on one container (hide*")]
    [InlineData("mode: full\ncontainers: [{match: {name: x}, deny: [observe]}]", "*observe is no action on one container*known here: logs, operate,*")]
    [InlineData("mode: full\ncontainers:\n- deny: [shell]", "line 3: containers[0]: it says of no container what it is about*")]
    [InlineData("mode: full\ncontainers:\n- match: {name: x}", "line 3: containers[0]: it changes nothing*")]
    [InlineData("mode: full\ncontainers:\n- match: {name: x}\n  hide: true\n  allow: [shell]", "*of a container that is hidden nothing else*")]
    [InlineData("mode: full\nupdates: {}", "line 2: updates: it changes nothing: add window or min_age")]
    [InlineData("mode: full\n---\nmode: observe", "line 1: the file has more than one document*")]
    [InlineData("mode: &m full\naudit: *m", "line 1: mode: it has an anchor*")]
    [InlineData("mode: !!str full", "line 1: mode: it has the tag*")]
    [InlineData("full", "line 1: the text \"full\" stands where keys are needed: mode,*")]
    [InlineData("# mode: full", "line 1: the file says nothing*")]
    [InlineData("", "line 1: the file says nothing*")]
    [InlineData("mode: full\ndeny: [shell", "line *: it is no YAML: *")]
    [InlineData("mode: full\n? [a, b]\n: c", "line 2: it is no YAML: a key must be a text")]
    public void What_is_not_understood_is_an_error_with_its_line(string text, string expected)
    {
        var (policy, errors) = PolicyReader.Read(text, "test");
        policy.ShouldBeNull();
        errors.ShouldContain(error => Glob.IsMatch(expected, error.ToString()), $"{expected}\nis not among\n{string.Join('\n', errors)}");
    }

    [Fact]
    public void All_errors_are_told_at_once_in_the_order_of_the_file()
    {
        var (_, errors) = PolicyReader.Read("deny: [shel]\nmodes: full\nallow: all\nmode: fast", "test");
        errors.Select(error => error.Line).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public void A_file_of_errors_tells_the_first_fifty()
    {
        var (_, errors) = PolicyReader.Read("mode: full\ndeny:\n" + string.Concat(Enumerable.Repeat("- nothing_like_it\n", 1000)), "test");
        errors.Count.ShouldBe(51);
        errors[^1].Problem.ShouldBe("and 950 more errors");
    }

    private static HostPolicy Read(string text)
    {
        var (policy, errors) = PolicyReader.Read(text, "test");
        errors.ShouldBeEmpty();
        return policy.ShouldNotBeNull();
    }
}
