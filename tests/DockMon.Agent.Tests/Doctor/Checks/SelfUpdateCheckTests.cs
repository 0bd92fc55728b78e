using DockMon.Agent.Configuration;
using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Checks;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor.Checks;

public sealed class SelfUpdateCheckTests
{
    [Theory]
    [InlineData(null, false, nameof(CheckStatus.Warning), "this agent was built without a key")]
    [InlineData(null, true, nameof(CheckStatus.Ok), "only programs signed by the key ")]
    [InlineData("any", true, nameof(CheckStatus.Warning), "SELF_UPDATE=any")]
    [InlineData("signed", false, nameof(CheckStatus.Warning), "built without a key")]
    [InlineData("off", true, nameof(CheckStatus.Ok), "SELF_UPDATE=off")]
    [InlineData("off", false, nameof(CheckStatus.Ok), "SELF_UPDATE=off")]
    public async Task Where_the_server_alone_decides_what_runs_there_is_a_warning(string? mode, bool hasKey, string status, string words)
    {
        using var key = new SigningKey();
        var keys = ReleaseKeys.Parse(hasKey ? key.PublicPem : "");
        SelfUpdateMode? parsed = mode is null ? null : Enum.Parse<SelfUpdateMode>(mode, ignoreCase: true);
        var finding = await new SelfUpdateCheck(new ProgramTrust(parsed, keys)).Check().LookAsync(CancellationToken.None);
        finding.Status.ToString().ShouldBe(status);
        finding.Found.ShouldContain(words);
        keys.Ids.ShouldAllBe(id => mode != null || finding.Found.Contains(id));
    }
}
