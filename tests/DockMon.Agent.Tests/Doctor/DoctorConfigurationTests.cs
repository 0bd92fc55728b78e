using DockMon.Agent.Doctor;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor;

public sealed class DoctorConfigurationTests
{
    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_and_the_rest_is_used()
    {
        var setup = Read(("DOCKMON_URL", "ftp://host"), ("RECONNECT_MAX", "5"), ("FORCE_UNIQUE_REGISTRATION", "true"), ("DATA_PATH", "/somewhere"));
        setup.Problems.Count.ShouldBe(3);
        setup.ServerKnown.ShouldBeFalse();
        setup.Options.DataPath.ShouldBe("/somewhere");
    }

    [Fact]
    public void Two_values_that_do_not_go_together_are_one_problem()
    {
        var setup = Read(("DOCKMON_URL", "ws://host"), ("RECONNECT_INITIAL", "5m"));
        setup.Problems.ShouldHaveSingleItem().ShouldContain("RECONNECT_INITIAL");
        setup.ServerKnown.ShouldBeTrue();
    }

    [Fact]
    public void No_server_is_a_problem_too()
    {
        Read().Problems.ShouldHaveSingleItem().ShouldStartWith("DOCKMON_URL is not set");
    }

    [Fact]
    public async Task A_good_one_is_ok()
    {
        var finding = await Read(("DOCKMON_URL", "wss://host")).Check().LookAsync(CancellationToken.None);
        finding.Status.ShouldBe(CheckStatus.Ok);
    }

    private static DoctorConfiguration Read(params (string Name, string Value)[] variables) =>
        DoctorConfiguration.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
