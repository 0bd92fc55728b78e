using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Facts;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies;

public sealed class HostPolicyTests
{
    private static readonly ContainerFacts Database = new(
        new string('a', 64),
        "postgres-1",
        "postgres:17",
        new Dictionary<string, string> { ["team"] = "data" });

    [Theory]
    [InlineData(OperationActions.Inspect, true, true)]
    [InlineData(OperationActions.GetLogs, true, true)]
    [InlineData(OperationActions.Restart, false, true)]
    [InlineData(CommandNames.UpdateContainer, false, true)]
    [InlineData(OperationActions.Rename, false, false)]
    [InlineData(CommandNames.DeployCompose, false, false)]
    [InlineData(HostActions.Shell, false, false)]
    [InlineData(HostActions.HealthChecks, false, false)]
    [InlineData("what_comes_later", false, false)]
    public void Modes_allow_what_they_say(string action, bool observe, bool operate)
    {
        (Policy(PolicyMode.Observe).Judge(action, null).Allowed, Policy(PolicyMode.Operate).Judge(action, null).Allowed).ShouldBe((observe, operate));
    }

    [Fact]
    public void Without_a_policy_every_action_is_allowed() =>
        HostActions.Groups.Keys.ShouldAllBe(action => HostPolicy.Unrestricted.Judge(action, Database).Allowed);

    [Fact]
    public void What_is_denied_is_refused_even_if_it_is_allowed_too()
    {
        var decision = (Policy(PolicyMode.Full) with { Allow = Actions("shell"), Deny = Actions("shell", "prune") }).Judge(HostActions.Shell, Database);
        decision.Error.ShouldBe("refused by this host's policy: shell is not allowed (deny: shell)");
    }

    [Fact]
    public void A_container_rule_with_allow_allows_these_and_observing_only()
    {
        var policy = Policy(PolicyMode.Full) with { Containers = [new ContainerRule { Name = "postgres*", Allow = Actions("restart"), Text = "postgres*" }] };
        policy.Judge(OperationActions.Restart, Database).Allowed.ShouldBeTrue();
        policy.Judge(OperationActions.Inspect, Database).Allowed.ShouldBeTrue();
        policy.Judge(OperationActions.Stop, Database).Error.ShouldBe("refused by this host's policy: stop is not allowed on postgres-1 (postgres*)");
        policy.Judge(OperationActions.Stop, Database with { Name = "web" }).Allowed.ShouldBeTrue();
    }

    [Fact]
    public void A_container_rule_can_allow_more_than_the_mode()
    {
        var policy = Policy(PolicyMode.Observe) with { Containers = [new ContainerRule { Label = "team=da*", Allow = Actions("restart"), Text = "team" }] };
        policy.Judge(OperationActions.Restart, Database).Allowed.ShouldBeTrue();
        policy.Judge(OperationActions.Restart, Database with { Labels = new Dictionary<string, string>() }).Allowed.ShouldBeFalse();
    }

    [Fact]
    public void The_first_container_rule_that_matches_counts()
    {
        var policy = Policy(PolicyMode.Full) with
        {
            Containers =
            [
                new ContainerRule { Name = "postgres-1", Deny = Actions("remove"), Text = "first" },
                new ContainerRule { Image = ImagePattern.Parse("postgres"), Hide = true, Text = "second" },
            ],
        };
        policy.Judge(OperationActions.Stop, Database).Allowed.ShouldBeTrue();
        policy.Judge(OperationActions.Remove, Database).Rule.ShouldBe("first");
        policy.Judge(OperationActions.Inspect, Database with { Name = "postgres-2" }).IsHidden.ShouldBeTrue();
    }

    [Fact]
    public void Of_all_rules_that_uncertain_labels_may_lead_to_the_strictest_counts()
    {
        var policy = Policy(PolicyMode.Full) with
        {
            Containers =
            [
                new ContainerRule { Label = "team", Allow = Actions("restart", "stop"), Text = "team" },
                new ContainerRule { Label = "tier", Deny = Actions("stop"), Text = "tier" },
                new ContainerRule { Name = "postgres*", Deny = Actions("restart"), Text = "name" },
                new ContainerRule { Image = ImagePattern.Parse("postgres"), Hide = true, Text = "never reached" },
            ],
        };
        var container = Database with { Labels = new Dictionary<string, string> { ["team"] = "data", ["tier"] = "1" } };
        policy.Judge(OperationActions.Stop, container).Allowed.ShouldBeTrue();
        policy.Judge(OperationActions.Restart, container).Allowed.ShouldBeTrue();
        policy.Judge(OperationActions.Stop, container with { HasUncertainLabels = true }).Rule.ShouldBe("tier");
        policy.Judge(OperationActions.Restart, container with { HasUncertainLabels = true }).Rule.ShouldBe("name");
        policy.IsHidden(container with { HasUncertainLabels = true }).ShouldBeFalse();
        (policy with { Containers = [policy.Containers[0], policy.Containers[1] with { Hide = true }] })
            .IsHidden(container with { HasUncertainLabels = true }).ShouldBeTrue();
    }

    private static HostPolicy Policy(PolicyMode mode) => new() { Mode = mode, Origin = "test" };

    private static ActionSet Actions(params string[] names)
    {
        var actions = ActionSet.Read(names, out var unknown);
        unknown.ShouldBeEmpty();
        return actions;
    }
}
