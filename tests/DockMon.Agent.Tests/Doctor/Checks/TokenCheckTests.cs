using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Checks;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor.Checks;

public sealed class TokenCheckTests : IDisposable
{
    private readonly TemporaryFolder _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Without_any_token_the_way_to_one_is_told()
    {
        var result = await CheckAsync();
        result.Status.ShouldBe(CheckStatus.Failed);
        result.Remedy.ShouldNotBeNull().ShouldContain("REGISTRATION_TOKEN");
    }

    [Fact]
    public async Task A_stored_token_that_cannot_be_read_fails_with_its_remedy()
    {
        Directory.CreateDirectory(_data.File("permanent_token"));
        var result = await CheckAsync();
        result.Status.ShouldBe(CheckStatus.Failed);
        result.Found.ShouldStartWith($"The permanent token {_data.File("permanent_token")} cannot be read");
    }

    [Fact]
    public async Task A_stored_token_of_root_that_the_agent_takes_over_is_not_an_error()
    {
        Directory.CreateDirectory(_data.File("permanent_token"));
        var result = await CheckAsync(takesOver: true);
        result.Status.ShouldBe(CheckStatus.Ok);
        result.Found.ShouldStartWith($"{_data.Path} belongs to root until the agent starts");
    }

    [Fact]
    public async Task Where_PERMANENT_TOKEN_is_set_the_stored_token_does_not_matter()
    {
        Directory.CreateDirectory(_data.File("permanent_token"));
        var result = await CheckAsync(takesOver: false, ("PERMANENT_TOKEN", "perm-1"));
        result.ShouldBe(CheckResult.Ok("PERMANENT_TOKEN is set; it could not be tried on the server"));
    }

    [Fact]
    public async Task A_registration_token_is_not_tried()
    {
        var result = await CheckAsync(takesOver: false, ("REGISTRATION_TOKEN", "reg-1"));
        result.Status.ShouldBe(CheckStatus.Ok);
        result.Found.ShouldEndWith($"{_data.Path} holds no permanent token yet");
    }

    [Fact]
    public async Task A_token_that_is_a_wrong_setting_is_skipped_with_the_name_of_its_variable() =>
        (await CheckAsync(takesOver: false, ("REGISTRATION_TOKEN_FILE", _data.File("missing"))))
            .ShouldBe(CheckResult.Skipped("REGISTRATION_TOKEN_FILE cannot be used"));

    private Task<CheckResult> CheckAsync(bool takesOver = false, params (string Name, string Value)[] variables)
    {
        (string Name, string? Value)[] all = [("DOCKMON_URL", "ws://127.0.0.1:9"), ("DATA_PATH", _data.Path), .. variables];
        var configuration = DoctorConfiguration.Read(name => all.FirstOrDefault(variable => variable.Name == name).Value);
        return new TokenCheck(configuration, takesOver, []).Check().LookAsync(CancellationToken.None);
    }
}
