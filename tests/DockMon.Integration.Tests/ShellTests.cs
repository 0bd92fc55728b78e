using System.Security.Cryptography;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class ShellTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();
    private readonly TestContainers _containers = new(Docker, "dockmon-shells");
    private Installation _installation = null!;
    private string _container = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // The statistics keep files of every container open, and other tests' containers come and go.
        _installation = await Installation.StartAsync(Token, environment: new Dictionary<string, string> { ["STATS_INTERVAL"] = "0" });
        _container = await _containers.RunAsync([], Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _containers.DisposeAsync();
        await _installation.DisposeAsync();
    }

    [Fact]
    public async Task What_is_typed_is_run_and_exit_ends_it()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("echo $((6*7))-$TERM\n", Token);
        await shell.WaitForAsync("42-xterm-256color", Token);
        shell.Text.ShouldNotContain("dockmon-shell-process");
        await shell.WriteAsync("exit\n", Token);
        (await shell.WaitForCloseAsync(Token)).ShouldBe("the shell ended");
    }

    [Fact]
    public async Task Four_hundred_characters_typed_one_by_one_arrive_in_order()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("stty -echo; echo rea''dy; read line; echo \"got=$line.\"\n", Token);
        await shell.WaitForAsync("ready", Token);
        var text = string.Concat(Enumerable.Range(0, 400).Select(i => (char)('a' + (i * 7 % 26))));
        foreach (var character in text)
        {
            await shell.WriteAsync(character.ToString(), Token);
        }

        await shell.WriteAsync("\n", Token);
        await shell.WaitForAsync($"got={text}.", Token);
    }

    [Fact]
    public async Task A_large_paste_comes_back_byte_for_byte()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("stty raw -echo; echo rea''dy; cat\n", Token);
        await shell.WaitForAsync("ready\n", Token);
        await Retry.UntilAsync("cat runs", async () => (await ProcessesAsync()).Contains("cat"), ct: Token);
        var before = shell.Output.Length;

        // With the keys in it that would make the engine let go of a terminal; the letters at the end let go of what the engine keeps back.
        byte[] paste = [.. RandomNumberGenerator.GetBytes(100_000), 0x10, 0x11, .. new byte[100], .. "end"u8];
        await shell.WriteAsync(paste, Token);
        await Retry.UntilAsync("all of it came back", () => shell.Output.Length >= before + paste.Length, ct: Token);
        shell.Output[before..].ShouldBe(paste);
    }

    [Fact]
    public async Task Much_output_comes_whole()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("stty -echo -onlcr; seq 1 400000; echo do''ne\n", Token);
        await shell.WaitForAsync("\ndone\n", Token);
        var numbers = shell.Text.Split('\n').SkipWhile(line => line != "1").TakeWhile(line => line != "done").ToList();
        numbers.Count.ShouldBe(400_000);
        numbers[^1].ShouldBe("400000");
    }

    [Fact]
    public async Task The_terminal_has_the_size_it_was_given_before_and_after_the_start()
    {
        await using var shell = await OpenAsync();
        await shell.ResizeAsync(101, 31, Token);
        await shell.WriteAsync("until [ \"$(stty size)\" = '31 101' ]; do :; done; echo fi''rst\n", Token);
        await shell.WaitForAsync("first", Token);
        await shell.ResizeAsync(77, 22, Token);
        await shell.WriteAsync("until [ \"$(stty size)\" = '22 77' ]; do :; done; echo sec''ond\n", Token);
        await shell.WaitForAsync("second", Token);
    }

    [Fact]
    public async Task Closing_it_ends_everything_it_started()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("trap '' HUP; sleep 1111 & (trap '' HUP TERM; sleep 2222) & echo st''arted; sleep 3333\n", Token);
        await shell.WaitForAsync("started", Token);
        await Retry.UntilAsync("it runs", async () => (await ProcessesAsync()).Contains("sleep 3333"), ct: Token);
        await shell.CloseAsync(Token);
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task Closing_it_at_once_leaves_nothing_either()
    {
        for (var i = 0; i < 5; i++)
        {
            await using var shell = await OpenAsync();
            await shell.CloseAsync(Token);
        }

        await Retry.UntilAsync("all five are over", () => _installation.Agent.Lines.Count(line => line.Contains("ended: ", StringComparison.Ordinal)
            && line.Contains("Shell ", StringComparison.Ordinal)) >= 5, ct: Token);
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_flood_of_output_does_not_keep_it_from_being_closed()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("yes\n", Token);
        await shell.WaitForAsync("y\r\ny\r\n", Token);
        await shell.CloseAsync(Token);
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_link_that_is_cut_ends_it_and_leaves_nothing()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("echo st''arted; sleep 4444\n", Token);
        await shell.WaitForAsync("started", Token);
        _installation.Link.CutAll();
        (await shell.WaitForCloseAsync(Token)).ShouldBe("the connection to the host's agent was lost");
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_agent_that_stops_ends_it_and_says_so()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("echo st''arted; sleep 5555\n", Token);
        await shell.WaitForAsync("started", Token);
        _installation.Agent.Terminate();
        (await shell.WaitForCloseAsync(Token)).ShouldBe("the agent is stopping");
        (await _installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_container_that_stops_ends_it_and_one_that_does_not_run_has_none()
    {
        await using var shell = await OpenAsync();
        await shell.WriteAsync("echo st''arted\n", Token);
        await shell.WaitForAsync("started", Token);
        await Docker.RunAsync(["kill", _container], Token);
        (await shell.WaitForCloseAsync(Token)).ShouldBe("the shell was killed, or its container stopped");
        await using var late = await OpenAsync();
        (await late.WaitForCloseAsync(Token)).ShouldContain("is not running");
    }

    private Task<ShellClient> OpenAsync() => ShellClient.OpenAsync(_installation, _container, Token);

    // As the engine's host sees them: a "ps" inside would see itself.
    private async Task<string> ProcessesAsync() => await Docker.RunAsync(["top", _container, "-eo", "pid,args"], Token);

    private Task NothingIsLeftAsync() => Retry.UntilAsync(
        "only the container's own processes run",
        async () => (await ProcessesAsync()).Split('\n').Length == 3,
        ct: Token);
}
