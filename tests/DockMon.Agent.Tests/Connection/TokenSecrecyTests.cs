using System.Net.WebSockets;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Connection.Dialing;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

/// <summary>Whatever a server or a proxy says back, no part of a token reaches the log, at any level.</summary>
public sealed class TokenSecrecyTests
{
    private const string OneTime = "0f8fad5b-d9cb-469f-a165-70867728950e";
    private const string Permanent = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    private const int Part = 8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refusal_that_repeats_the_token_is_logged_without_it()
    {
        await using var fixture = await LinkFixture.CreateAsync(("REGISTRATION_TOKEN", OneTime));
        // So far on that the end of what is kept falls into it.
        fixture.Server.Script = async (context, _) => await (await ScriptedServer.AcceptAsync(context)).RefuseAsync(new string('x', 180) + OneTime);
        fixture.Start();
        await Retry.UntilAsync("the refusal is logged", () => fixture.Lines.Any(line => line.Contains("refused")), LinkFixture.Patience, Token);
        await fixture.StopAsync();
        ShouldBeSecret(string.Join('\n', fixture.Lines) + fixture.State.LastFailure, "xxx…");
    }

    [Fact]
    public async Task A_close_that_repeats_the_tokens_is_logged_without_them()
    {
        await using var fixture = await LinkFixture.CreateAsync(("REGISTRATION_TOKEN", OneTime));
        fixture.Server.Script = async (context, _) =>
        {
            var connection = await ScriptedServer.AcceptAsync(context);
            await connection.WelcomeAsync(Permanent);
            await connection.CloseAsync(WebSocketCloseStatus.PolicyViolation, $"no {OneTime} and no {Permanent}");
            await connection.ReadAsync();
        };
        fixture.Start();
        await fixture.AdvanceUntilAsync("the end is logged", () => fixture.Lines.Any(line => line.Contains("closed the connection")));
        // The next connections register with the permanent token: the one-time token is as secret as before.
        await fixture.AdvanceUntilAsync("others have ended", () => fixture.Lines.Count(line => line.Contains("closed the connection")) > 1);
        await fixture.StopAsync();
        ShouldBeSecret(string.Join('\n', fixture.Lines) + fixture.State.LastFailure, "1008 no … and no …");
    }

    [Fact]
    public async Task An_answer_that_repeats_the_request_is_logged_without_its_token()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = (context, _) =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync($"{new string('x', 180)} {context.Request.Headers.Authorization}");
        };
        var log = new LogCapture();
        using var stop = new CancellationTokenSource();
        var options = new AgentOptions { ServerUrl = server.Url };
        var link = new StatsLink(options, new Dialer(options), new Random(1), new FakeTimeProvider(), log.CreateLogger<StatsLink>());
        var running = link.RunAsync(stop.Token);
        link.UseToken(Permanent);
        await Retry.UntilAsync("the failure is logged", () => log.Lines.Any(line => line.Contains("answered 400")), LinkFixture.Patience, Token);
        await stop.CancelAsync();
        await running;
        ShouldBeSecret(log.Text, "Bearer …");
    }

    [Fact]
    public void Messages_that_hold_a_token_do_not_show_it()
    {
        var auth = new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = Permanent };
        ShouldBeSecret($"{LinkFixture.Describe(OneTime)} {auth}", "auth_success of host h");
    }

    private static void ShouldBeSecret(string text, string shown)
    {
        text.ShouldContain(shown);
        foreach (var token in new[] { OneTime, Permanent })
        {
            for (var start = 0; start + Part <= token.Length; start++)
            {
                text.ShouldNotContain(token.Substring(start, Part));
            }
        }
    }
}
