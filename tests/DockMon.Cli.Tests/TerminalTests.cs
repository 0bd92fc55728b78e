using System.Diagnostics;
using System.Text;
using System.Text.Json;
using DockMon.Hub.Tests;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Cli.Tests;

/// <summary>The program on a terminal.</summary>
public sealed class TerminalTests : CliScene
{
    private string Device => File.ReadAllText(Home.File("tty")).Trim();

    [Fact]
    public async Task A_token_is_not_shown_while_it_is_typed()
    {
        var hub = Variables["DOCKMON_HUB"];
        using var terminal = PseudoTerminal.Start($"{CliProcess.Path} login {hub}", new Dictionary<string, string> { ["HOME"] = Home.Path }, Token);
        await terminal.UntilShownAsync("API token: ");
        await terminal.TypeAsync(HubFixture.AdminKey + "\n");
        await terminal.UntilEndedAsync();
        terminal.Shown.ShouldContain("Logged in");
        terminal.Shown.ShouldNotContain(HubFixture.AdminKey);
    }

    [Fact]
    public async Task A_shell_has_every_key_and_the_size_of_the_terminal_until_it_ends()
    {
        var (terminal, session) = await OpenAsync(Variables["DOCKMON_HUB"]);
        using var ended = terminal;
        AssertSize(await NextAsync(), 90, 30);
        (await SttyAsync("-a")).ShouldContain("-icanon");
        (await SttyAsync("-a")).ShouldContain("-echo ");

        // Ctrl-C is a key of the shell in the container. Here it would end the program, and the script that runs it.
        await terminal.TypeAsync("l\u0003");
        (await TypedAsync(2)).ShouldBe("l\u0003");
        await SayAsync(session, "data", $"\"data\":\"{Convert.ToBase64String("interrupted"u8)}\"");
        await terminal.UntilShownAsync("interrupted");
        terminal.Shown.ShouldNotContain("l\u0003");
        terminal.Shown.ShouldNotContain("^C");

        await SttyAsync("rows", "45", "cols", "120");
        await Retry.UntilAsync("the shell has the new size", async () => IsSize(await NextAsync(), 120, 45), ct: Token);

        await SayAsync(session, "closed");
        await AssertEndsAsync(terminal, exitCode: 0);
    }

    [Fact]
    public async Task A_shell_that_fails_says_why_and_leaves_the_terminal_as_it_was()
    {
        var (terminal, session) = await OpenAsync(Variables["DOCKMON_HUB"]);
        using var ended = terminal;
        await SayAsync(session, "closed", "\"error\":\"exit code 3\"");
        await AssertEndsAsync(terminal, exitCode: 1);
        terminal.Shown.ShouldContain("the shell ended: exit code 3");
    }

    [Fact]
    public async Task A_lost_connection_ends_the_shell_and_leaves_the_terminal_as_it_was()
    {
        await using var proxy = FaultProxy.Start(Hub.Http.BaseAddress!.Port);
        var (terminal, _) = await OpenAsync($"http://127.0.0.1:{proxy.Port}/");
        using var ended = terminal;
        AssertSize(await NextAsync(), 90, 30);
        proxy.CutAll();
        await AssertEndsAsync(terminal, exitCode: 1);
        terminal.Shown.ShouldContain("the shell ended: the connection to the hub was lost");
    }

    /// <summary>Opens a shell on a terminal of 90 columns and 30 rows, between two looks at its settings.</summary>
    private async Task<(PseudoTerminal Terminal, string Session)> OpenAsync(string hub)
    {
        await ListAsync();
        Variables["DOCKMON_HUB"] = hub;
        var script = $"""
            cd {Home.Path}; stty sane rows 30 cols 90; stty -a > before; tty > tty
            {CliProcess.Path} exec -it nas/web
            echo code=$?.; stty -a > after
            """;
        var terminal = PseudoTerminal.Start(script, Variables, Token);
        try
        {
            var start = await NextAsync();
            start.GetProperty("action").GetString().ShouldBe("start");
            start.GetProperty("container_id").GetString().ShouldBe("aaaa111122223333");
            return (terminal, start.GetProperty("session_id").GetString()!);
        }
        catch
        {
            terminal.Dispose();
            throw;
        }
    }

    private async Task AssertEndsAsync(PseudoTerminal terminal, int exitCode)
    {
        await terminal.UntilShownAsync($"code={exitCode}.");
        await terminal.UntilEndedAsync();
        var (before, after) = (Settings("before"), Settings("after"));
        after.ShouldBe(before);
        after.ShouldContain(" icanon ");
        after.ShouldContain(" echo ");
    }

    /// <summary>What <c>stty</c> said, without the size, which is no setting of the program.</summary>
    private string Settings(string file) => string.Join('\n', File.ReadLines(Home.File(file)).Skip(1));

    private async Task<JsonElement> NextAsync()
    {
        var frame = await Agent.ReadFrameAsync(Token).WaitAsync(Retry.DefaultTimeout, Token);
        frame.GetProperty("type").GetString().ShouldBe(FrameTypes.ShellSession);
        return frame.GetProperty("payload");
    }

    /// <summary>The keys that came to the agent, which are in one message or in several.</summary>
    private async Task<string> TypedAsync(int count)
    {
        var typed = new StringBuilder();
        while (typed.Length < count)
        {
            var message = await NextAsync();
            message.GetProperty("action").GetString().ShouldBe("data");
            typed.Append(Encoding.UTF8.GetString(message.GetProperty("data").GetBytesFromBase64()));
        }

        return typed.ToString();
    }

    private Task SayAsync(string session, string action, string? fields = null) => Agent.SendEventAsync(
        EventNames.ShellData, $$"""{"session_id":"{{session}}","action":"{{action}}"{{(fields is null ? "" : "," + fields)}}}""", Token);

    private static void AssertSize(JsonElement message, int columns, int rows) => IsSize(message, columns, rows).ShouldBeTrue(message.GetRawText());

    private static bool IsSize(JsonElement message, int columns, int rows) =>
        message.GetProperty("action").GetString() == "resize"
            && (message.GetProperty("cols").GetInt32(), message.GetProperty("rows").GetInt32()) == (columns, rows);

    /// <summary>Asks for the settings of the terminal, or changes them, from outside.</summary>
    private async Task<string> SttyAsync(params string[] arguments)
    {
        using var stty = Process.Start(new ProcessStartInfo("stty", ["-F", Device, .. arguments]) { RedirectStandardOutput = true })!;
        var said = await stty.StandardOutput.ReadToEndAsync(Token);
        await stty.WaitForExitAsync(Token);
        stty.ExitCode.ShouldBe(0);
        return said;
    }
}
