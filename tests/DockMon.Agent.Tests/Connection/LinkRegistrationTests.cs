using System.Net.WebSockets;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class LinkRegistrationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(AuthRejections.InvalidToken, "copying errors")]
    [InlineData(AuthRejections.ExpiredToken, "15 minutes")]
    [InlineData(AuthRejections.UsedUpToken, "used already")]
    [InlineData(AuthRejections.WrongEngine, "another machine")]
    [InlineData("Host with this engine is already registered by another agent", "remove that host")]
    [InlineData(AuthRejections.InvalidData + "hostname", "may be of versions")]
    public async Task A_refused_token_waits_the_maximum_and_the_log_says_what_to_do(string rejection, string remedy)
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) => await (await ScriptedServer.AcceptAsync(context)).RefuseAsync(rejection);
        fixture.Start();
        await Retry.UntilAsync("the refusal is logged", () => fixture.Lines.Any(line => line.Contains("refused")), LinkFixture.Patience, Token);
        fixture.Lines.ShouldContain(line => line.Contains(rejection) && line.Contains(remedy) && line.Contains("60"));

        await fixture.AdvanceUntilAsync("it tries again", () => fixture.Server.Connections == 2);
        (fixture.Tries.ElementAt(1) - fixture.Tries.First()).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Registrations_and_refusals_are_recorded_without_a_token()
    {
        var refuse = true;
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            if (refuse)
            {
                refuse = false;
                await connection.RefuseAsync(AuthRejections.InvalidToken);
                return;
            }

            await connection.WelcomeAsync("secret-permanent-token");
            await connection.ReadAsync();
        };
        fixture.Start();
        await fixture.AdvanceUntilAsync("it is connected", () => fixture.State.IsConnected);
        await fixture.Audit.StopAsync(LinkFixture.Patience);
        var file = await File.ReadAllLinesAsync(Path.Combine(fixture.DataPath, "audit", "audit.jsonl"), Token);
        file[0].ShouldContain("\"phase\":\"noted\",\"action\":\"registration\"");
        file[0].ShouldContain("\"outcome\":\"refused by the server: ");
        file[1].ShouldContain("\"subject\":\"host ");
        file[1].ShouldContain("\"outcome\":\"ok\"");
        string.Concat(file).ShouldNotContain("secret-permanent-token");
        string.Concat(file).ShouldNotContain("one-time");
    }

    [Fact]
    public async Task The_permanent_token_is_kept_with_mode_0600_and_used_from_then_on_and_never_logged()
    {
        var registers = new List<string>();
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            lock (registers)
            {
                registers.Add(connection.Register);
            }

            await connection.WelcomeAsync("secret-permanent-token");
            await connection.CloseAsync(WebSocketCloseStatus.NormalClosure, "again, please");
            await connection.ReadAsync();
        };
        fixture.Start();
        await fixture.AdvanceUntilAsync("a second registration", () =>
        {
            lock (registers)
            {
                return registers.Count >= 2;
            }
        });
        await fixture.StopAsync();

        registers[0].ShouldContain("\"token\":\"one-time\"");
        registers[1].ShouldContain("\"token\":\"secret-permanent-token\"");
        var file = Path.Combine(fixture.DataPath, "permanent_token");
        File.ReadAllText(file).Trim().ShouldBe("secret-permanent-token");
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        fixture.Lines.ShouldContain(line => line.Contains("the permanent token is kept in"));
        fixture.Lines.ShouldNotContain(line => line.Contains("secret") || line.Contains("one-"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\u00e9b")]
    public async Task A_permanent_token_that_is_none_does_not_replace_the_one_that_is_kept(string token)
    {
        await using var fixture = await LinkFixture.CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(fixture.DataPath, "permanent_token"), "good", Token);
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync(token);
            await connection.ReadAsync();
        };
        fixture.Start();
        await Retry.UntilAsync("it is refused", () => fixture.Lines.Any(line => line.Contains("permanent token that is none")), LinkFixture.Patience, Token);
        File.ReadAllText(Path.Combine(fixture.DataPath, "permanent_token")).ShouldBe("good");
    }

    [Fact]
    public async Task An_answer_to_a_registration_that_is_too_large_is_not_read()
    {
        await using var fixture = await LinkFixture.CreateAsync();
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.SendAsync($$"""{"type":"auth_error","error":"{{new string('x', 70_000)}}"}""");
            await connection.ReadToCloseAsync();
        };
        fixture.Start();
        await Retry.UntilAsync(
            "it is told",
            () => fixture.Lines.Any(line => line.Contains("not a text frame of at most 65536 bytes")),
            LinkFixture.Patience,
            Token);
    }

    [Fact]
    public async Task A_stored_token_that_is_refused_gives_way_to_the_registration_token()
    {
        var registers = new List<string>();
        await using var fixture = await LinkFixture.CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(fixture.DataPath, "permanent_token"), "old", Token);
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            lock (registers)
            {
                registers.Add(connection.Register);
            }

            if (connection.Register.Contains("\"old\""))
            {
                await connection.RefuseAsync(AuthRejections.InvalidToken);
            }
            else
            {
                await connection.WelcomeAsync("new");
                await connection.ReadAsync();
            }
        };
        fixture.Start();
        await fixture.AdvanceUntilAsync("the new token is stored", () => File.ReadAllText(Path.Combine(fixture.DataPath, "permanent_token")).Trim() == "new");
        registers.Count.ShouldBe(2);
    }
}
