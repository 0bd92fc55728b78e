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
        setup.Errors.Select(error => error.Variable).ShouldBe(["DOCKMON_URL", "RECONNECT_MAX", "FORCE_UNIQUE_REGISTRATION"]);
        setup.ServerKnown.ShouldBeFalse();
        setup.Options.DataPath.ShouldBe("/somewhere");
    }

    [Fact]
    public void Two_values_that_do_not_go_together_are_one_problem()
    {
        var setup = Read(("DOCKMON_URL", "ws://host"), ("RECONNECT_INITIAL", "5m"));
        setup.Errors.ShouldHaveSingleItem().ToString().ShouldContain("RECONNECT_INITIAL");
        setup.ServerKnown.ShouldBeTrue();
    }

    [Fact]
    public void No_server_is_a_problem_too()
    {
        Read().Errors.ShouldHaveSingleItem().ToString().ShouldStartWith("DOCKMON_URL is not set");
    }

    [Fact]
    public async Task A_good_one_is_ok()
    {
        var finding = await Read(("DOCKMON_URL", "wss://host")).Checks().ShouldHaveSingleItem().LookAsync(CancellationToken.None);
        finding.Status.ShouldBe(CheckStatus.Ok);
    }

    [Fact]
    public async Task Each_wrong_variable_is_a_result_of_its_own_with_its_remedy()
    {
        var results = new List<NamedResult>();
        await new CheckRunner(TimeProvider.System).RunAsync(
            Read(("DOCKMON_URL", "ws://host"), ("LOG_JSON", "maybe"), ("RECONNECT_MAX", "5")).Checks(),
            results,
            CancellationToken.None);
        results.Select(result => (result.Name, result.Finding)).ShouldBe(
        [
            ("configuration", CheckResult.Failed("RECONNECT_MAX is \"5\"", "a number needs a unit: write 5s for seconds or 5ms for milliseconds")),
            ("configuration", CheckResult.Failed("LOG_JSON is \"maybe\"", "write true or false (1, 0, yes and no do as well)")),
        ]);
    }

    private static DoctorConfiguration Read(params (string Name, string Value)[] variables) =>
        DoctorConfiguration.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
