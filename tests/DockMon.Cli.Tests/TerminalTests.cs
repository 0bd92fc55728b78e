using System.Diagnostics;
using System.Text;
using DockMon.Hub.Tests;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Cli.Tests;

/// <summary>The program on a pseudo-terminal, which <c>script</c> makes.</summary>
public sealed class TerminalTests : CliScene
{
    [Fact]
    public async Task A_token_is_not_shown_while_it_is_typed()
    {
        var start = new ProcessStartInfo("script", ["-qec", $"{CliProcess.Path} login {Variables["DOCKMON_HUB"]}", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["HOME"] = Home.Path;
        start.Environment.Remove("XDG_CONFIG_HOME");
        start.Environment.Remove("DOCKMON_TOKEN");
        using var terminal = Process.Start(start)!;
        var shown = new StringBuilder();
        var reading = ReadAsync(terminal.StandardOutput, shown);
        await Retry.UntilAsync("the token is asked for", () => Contains(shown, "API token: "), ct: Token);
        await terminal.StandardInput.WriteLineAsync(HubFixture.AdminKey);
        await terminal.StandardInput.FlushAsync(Token);
        await reading.WaitAsync(Retry.DefaultTimeout, Token);
        await terminal.WaitForExitAsync(Token);
        shown.ToString().ShouldContain("Logged in");
        shown.ToString().ShouldNotContain(HubFixture.AdminKey);
    }

    private static async Task ReadAsync(StreamReader output, StringBuilder shown)
    {
        var buffer = new char[1024];
        while (await output.ReadAsync(buffer, Token) is > 0 and var length)
        {
            lock (shown)
            {
                shown.Append(buffer, 0, length);
            }
        }
    }

    private static bool Contains(StringBuilder shown, string text)
    {
        lock (shown)
        {
            return shown.ToString().Contains(text, StringComparison.Ordinal);
        }
    }
}
