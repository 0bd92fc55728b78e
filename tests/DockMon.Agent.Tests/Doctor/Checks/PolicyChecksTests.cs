using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Checks;
using DockMon.Agent.Policies;
using DockMon.Agent.Tests.Policies;
using DockMon.Engine;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor.Checks;

public sealed class PolicyChecksTests
{
    [Fact]
    public void A_policy_that_cannot_be_used_is_a_failure_with_all_that_is_wrong()
    {
        var result = PolicyChecks.Judge(HostPolicy.Unusable("/p.yaml", ["line 1: one", "line 2: two"], before: null), "/p.yaml");
        result.Status.ShouldBe(CheckStatus.Failed);
        result.Found.ShouldContain("line 1: one; line 2: two");
    }

    [Fact]
    public void One_that_is_not_enforced_is_a_warning()
    {
        PolicyChecks.Judge(Gates.Policy("mode: observe\nenforce: false"), "/p.yaml").Status.ShouldBe(CheckStatus.Warning);
        PolicyChecks.Judge(Gates.Policy("mode: observe"), "/etc/hostname").Found.ShouldStartWith("/etc/hostname: mode observe;");
    }

    [Theory]
    [InlineData("/", true, true)]
    [InlineData("/etc", true, true)]
    [InlineData("/etc/dockmon-agent/", true, true)]
    [InlineData("/etc/dockmon-agent/policy.yaml", true, true)]
    [InlineData("/etc", false, false)]
    [InlineData("/etc/dock", true, false)]
    [InlineData("/etc/dockmon-agent/other", true, false)]
    [InlineData("data", true, false)]
    public void Who_could_change_it_is_named(string source, bool isWritable, bool named)
    {
        var container = new ContainerSummary { Names = ["/web"], Mounts = [new ContainerMount { Source = source, IsWritable = isWritable }] };
        PolicyChecks.FindWriters("/etc/dockmon-agent/policy.yaml", [container]).ShouldBe(named ? ["web"] : []);
    }
}
