using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Checks;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor.Checks;

public sealed class HostChecksTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_container_without_its_hosts_files_shows_no_host()
    {
        var finding = await LookAsync("host_metrics");
        finding.Status.ShouldBe(CheckStatus.Warning);
        finding.Remedy.ShouldNotBeNull().ShouldContain("-v /proc:/host/proc:ro");
    }

    [Fact]
    public async Task Files_that_are_not_of_Linux_are_said()
    {
        _root.Write("host/proc/stat", "nonsense");
        (await LookAsync("host_metrics")).Found.ShouldStartWith("the host's figures cannot be read");
    }

    [Fact]
    public async Task Control_groups_are_a_hint_only()
    {
        (await LookAsync("cgroups")).Found.ShouldContain("-v /sys/fs/cgroup:/host/sys/fs/cgroup:ro");
        _root.Write("sys/fs/cgroup/cgroup.controllers", "cpu");
        (await LookAsync("cgroups")).Found.ShouldStartWith("version 2");
        _root.Write("host/sys/fs/cgroup/cpu/tasks", "");
        var finding = await LookAsync("cgroups");
        finding.Found.ShouldStartWith("version 1");
        finding.Status.ShouldBe(CheckStatus.Ok);
    }

    private Task<CheckResult> LookAsync(string name) =>
        new HostChecks(inContainer: true, _root.Path).All().Single(check => check.Name == name).LookAsync(CancellationToken.None);
}
