using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Checks;
using DockMon.Agent.Policies;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor.Checks;

public sealed class EngineProxyCheckTests
{
    private const string Missing = """{"message":"No such container"}""";
    private const string Refused = """{"message":"not in the rules"}""";

    [Theory]
    [InlineData(nameof(PolicyMode.Observe), "GET", nameof(CheckStatus.Ok), "mode observe")]
    [InlineData(nameof(PolicyMode.Operate), "GET", nameof(CheckStatus.Warning), "POST /containers/…/start, POST /containers/…/rename")]
    [InlineData(nameof(PolicyMode.Full), "GET", nameof(CheckStatus.Warning), "DELETE /networks/…, POST /containers/…/exec")]
    [InlineData(nameof(PolicyMode.Full), "GET POST DELETE", nameof(CheckStatus.Ok), "mode full")]
    [InlineData(nameof(PolicyMode.Observe), "POST", nameof(CheckStatus.Failed), "GET /images/json, GET /networks, GET /volumes")]
    public async Task What_a_proxy_refuses_counts_only_if_the_policy_allows_it(string mode, string methods, string status, string words)
    {
        await using var engine = ScriptedEngine.Answering(line => methods.Split(' ').Contains(line.Split(' ')[0])
            ? ScriptedAnswer.Json(Missing, 404) : ScriptedAnswer.Json(Refused, 403));

        var finding = await LookAsync(engine, Enum.Parse<PolicyMode>(mode), isDirect: false);

        finding.Status.ToString().ShouldBe(status);
        finding.Found.ShouldContain(words);
        (finding.Remedy ?? mode.ToLowerInvariant()).ShouldContain(mode.ToLowerInvariant());
        engine.Requests.ShouldAllBe(path => !path.Contains("create", StringComparison.Ordinal) && !path.Contains("prune", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_engines_own_socket_is_asked_for_nothing()
    {
        await using var engine = new ScriptedEngine();
        (await LookAsync(engine, PolicyMode.Full, isDirect: true)).Found.ShouldStartWith("none");
        engine.Calls.ShouldBeEmpty();
    }

    private static Task<CheckResult> LookAsync(ScriptedEngine engine, PolicyMode mode, bool isDirect) =>
        new EngineProxyCheck(new HostPolicy { Origin = "test", Mode = mode }, () => engine.Client, isDirect).Check()
            .LookAsync(TestContext.Current.CancellationToken);
}
