using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What packaging/install.sh changes, keeps and gives back.</summary>
public sealed class InstallerTests : InstallerScene
{
    [Fact]
    public async Task The_first_installation_puts_everything_in_its_place_and_the_token_where_only_root_reads()
    {
        File.WriteAllText(At("token"), "secret-token\n");
        var (code, output) = await InstallAsync(
            "--from",
            At("release"),
            "--url",
            "wss://dockmon.example.com",
            "--token-file",
            At("token"),
            "--name",
            "rack \"7\"");

        code.ShouldBe(0, output);
        output.ShouldContain("dockmon-agent 1.0.0 is installed");
        output.ShouldNotContain("secret-token");
        Settings.ShouldBe("DOCKMON_URL=\"wss://dockmon.example.com\"\nREGISTRATION_TOKEN=\"secret-token\"\nAGENT_NAME=\"rack \\\"7\\\"\"\n");
        File.GetUnixFileMode(Root("etc/dockmon-agent/agent.env")).ShouldBe(OwnerOnly);
        // The agent's user looks for its policy there.
        File.GetUnixFileMode(Root("etc/dockmon-agent")).HasFlag(UnixFileMode.OtherRead | UnixFileMode.OtherExecute).ShouldBeTrue();
        File.GetUnixFileMode(Root("etc/dockmon-agent")).HasFlag(UnixFileMode.OtherWrite).ShouldBeFalse();
        File.Exists(Root("usr/local/share/doc/dockmon-agent/policies/observe.yaml")).ShouldBeTrue();
        File.ReadAllText(Root("etc/systemd/system/dockmon-agent.service")).ShouldContain("\nExecStart=/usr/local/bin/dockmon-agent\n");
        SystemCalls.ShouldBe(["daemon-reload", "enable dockmon-agent.service", "restart dockmon-agent.service"]);
        (await RunAsync(Root("usr/local/bin/dockmon-agent"), "version")).Output.ShouldBe("1.0.0");
    }

    [Fact]
    public async Task An_upgrade_keeps_the_settings_and_changes_what_is_given()
    {
        await FirstAsync();
        File.AppendAllText(Root("etc/dockmon-agent/agent.env"), "# mine\nLOG_LEVEL=\"debug\"\n");
        Release("1.1.0");

        var (code, output) = await InstallAsync("--from", At("release"), "--name", "new");
        code.ShouldBe(0, output);
        output.ShouldContain("dockmon-agent 1.1.0 is installed in place of 1.0.0");
        Settings.ShouldBe("DOCKMON_URL=\"wss://h\"\nREGISTRATION_TOKEN=\"t\"\n# mine\nLOG_LEVEL=\"debug\"\nAGENT_NAME=\"new\"\n");
        File.GetUnixFileMode(Root("etc/dockmon-agent/agent.env")).ShouldBe(OwnerOnly);
    }

    [Theory]
    [InlineData("changed", "is not what was published")]
    [InlineData("unnamed", "checksums.txt does not name")]
    [InlineData("broken", "does not run here")]
    public async Task What_cannot_be_trusted_changes_nothing_and_stops_nothing(string how, string words)
    {
        await FirstAsync();
        Release("1.1.0", program: how == "broken" ? "exit 1" : null);
        if (how == "changed")
        {
            File.AppendAllText(At("release/" + Archive), "x");
        }
        else if (how == "unnamed")
        {
            File.WriteAllText(At("release/checksums.txt"), "");
        }

        var before = SystemCalls;
        var (code, output) = await InstallAsync("--from", At("release"), "--name", "new");
        code.ShouldBe(1);
        output.ShouldContain(words);
        output.ShouldContain("Nothing was changed");
        SystemCalls.ShouldBe(before);
        Settings.ShouldNotContain("new");
        (await RunAsync(Root("usr/local/bin/dockmon-agent"), "version")).Output.ShouldBe("1.0.0");
    }

    [Fact]
    public async Task A_release_is_downloaded_and_one_that_is_missing_changes_nothing()
    {
        var releases = Directory.CreateDirectory(At("site/download")).FullName;
        Directory.Move(At("release"), Path.Combine(releases, "v1.0.0"));
        await using var site = await StaticSite.StartAsync(At("site"), Token);
        var environment = new Dictionary<string, string> { ["DOCKMON_AGENT_RELEASES"] = site.Url };

        var (wrong, words) = await InstallAsync(environment, "--version", "2.0.0", "--url", "wss://h", "--token-file", TokenFile("t"));
        wrong.ShouldBe(1);
        words.ShouldContain("cannot be downloaded");
        SystemCalls.ShouldBeEmpty();

        var (code, output) = await InstallAsync(environment, "--version", "v1.0.0", "--url", "wss://h", "--token-file", TokenFile("t"));
        code.ShouldBe(0, output);
        (await RunAsync(Root("usr/local/bin/dockmon-agent"), "version")).Output.ShouldBe("1.0.0");
    }

    [Theory]
    [InlineData("--url is missing", "--token-file", "TOKEN")]
    [InlineData("--token-file is missing", "--url", "wss://h")]
    [InlineData("--url needs a value", "--url")]
    [InlineData("--url must begin with wss://", "--url", "dockmon.example.com", "--token-file", "TOKEN")]
    [InlineData("--url must begin with wss://", "--url", "wss://dockmon.example.com and more", "--token-file", "TOKEN")]
    [InlineData("what is --ulr?", "--ulr", "wss://h")]
    public async Task What_is_missing_is_named(string words, params string[] options)
    {
        var (code, output) = await InstallAsync(["--from", At("release"), .. options.Select(option => option == "TOKEN" ? TokenFile("t") : option)]);
        code.ShouldBe(1);
        output.ShouldContain(words);
        SystemCalls.ShouldBeEmpty();
        Directory.Exists(Root("etc")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_dry_run_says_all_and_does_nothing()
    {
        var (code, output) = await InstallAsync("--from", At("release"), "--url", "wss://h", "--token-file", TokenFile("secret-token"), "--dry-run");
        code.ShouldBe(0, output);
        output.ShouldContain("would: systemctl restart dockmon-agent.service");
        output.ShouldContain(Root("usr/local/bin/dockmon-agent"));
        output.ShouldContain("Nothing was changed.");
        output.ShouldNotContain("secret-token");
        SystemCalls.ShouldBeEmpty();
        Directory.GetFileSystemEntries(Root("")).ShouldBe([Root("run")]);
    }

    [Fact]
    public async Task What_does_not_start_gives_way_to_the_program_the_settings_and_the_unit_of_before()
    {
        await FirstAsync();
        File.AppendAllText(Root("etc/systemd/system/dockmon-agent.service"), "# of 1.0.0\n");
        var (settings, unit) = (Settings, Unit);
        Release("1.1.0");
        File.WriteAllText(At("broken"), "");
        var (code, output) = await InstallAsync("--from", At("release"), "--url", "wss://wrong", "--token-file", TokenFile("other-token"));
        code.ShouldBe(1);
        output.ShouldContain("dockmon-agent 1.1.0 does not start; 1.0.0 was put back with its settings and its unit: journalctl");
        SystemCalls[^2..].ShouldBe(["daemon-reload", "restart dockmon-agent.service"]);
        (await RunAsync(Root("usr/local/bin/dockmon-agent"), "version")).Output.ShouldBe("1.0.0");
        Settings.ShouldBe(settings);
        File.GetUnixFileMode(Root("etc/dockmon-agent/agent.env")).ShouldBe(OwnerOnly);
        Unit.ShouldBe(unit);
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task An_upgrade_that_is_interrupted_is_undone_and_only_root_reads_what_is_kept_meanwhile()
    {
        await FirstAsync();
        var settings = Settings;
        Script("bin/systemctl", $"echo \"$*\" >>{At("systemctl.log")}; test \"$1\" != enable || {{ {Hang("enabling")}; }}");
        Release("1.1.0");
        await using var install = Start("--from", At("release"), "--url", "wss://wrong");
        await Retry.UntilAsync("everything is in its place", () => File.Exists(At("enabling")), ct: Token);
        Settings.ShouldNotBe(settings);
        File.GetUnixFileMode(Root("etc/dockmon-agent/agent.env.previous")).ShouldBe(OwnerOnly);
        install.Terminate();
        File.WriteAllText(At("ended"), "");
        (await install.WaitForExitAsync(Token)).ShouldBe(130);
        install.Tail().ShouldContain("it was not finished; 1.0.0 was put back");
        Settings.ShouldBe(settings);
        (await RunAsync(Root("usr/local/bin/dockmon-agent"), "version")).Output.ShouldBe("1.0.0");
        SystemCalls[^1].ShouldBe("restart dockmon-agent.service");
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_of_before_stays_when_the_new_version_has_started()
    {
        await FirstAsync();
        Release("1.1.0");
        (await InstallAsync("--from", At("release"))).Code.ShouldBe(0);
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_at_once_take_their_turns()
    {
        await FirstAsync();
        var runs = Enumerable.Range(0, 6).Select(number => Start("--from", At("release"), "--name", $"name-{number}")).ToList();
        foreach (var run in runs)
        {
            await using (run)
            {
                (await run.WaitForExitAsync(Token)).ShouldBe(0, run.Tail());
            }
        }

        Settings.Split('\n').Count(line => line.StartsWith("AGENT_NAME=\"name-", StringComparison.Ordinal)).ShouldBe(1);
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task An_installer_that_was_killed_keeps_nobody_waiting()
    {
        // Its download outlives it.
        Script("bin/curl", $"{Hang("loading")}; exit 1");
        await using (var killed = Start("--url", "wss://h", "--token-file", TokenFile("t")))
        {
            await Retry.UntilAsync("it is loading", () => File.Exists(At("loading")), ct: Token);
            killed.Kill();
            (await killed.WaitForExitAsync(Token)).ShouldNotBe(0);
        }

        await FirstAsync();
        File.WriteAllText(At("ended"), "");
    }

    [Theory]
    [InlineData("<secret-token>")]
    [InlineData("secret token")]
    [InlineData("\"secret-token\"")]
    public async Task What_is_no_token_is_refused_unseen_before_anything_is_changed(string token)
    {
        await FirstAsync();
        var (settings, calls) = (Settings, SystemCalls);
        File.WriteAllText(At("token"), token);
        foreach (var inFile in new[] { true, false })
        {
            var (code, output) = inFile
                ? await InstallAsync("--from", At("release"), "--token-file", At("token"))
                : await InstallAsync(new Dictionary<string, string> { ["REGISTRATION_TOKEN"] = token }, "--from", At("release"));
            code.ShouldBe(1);
            output.ShouldContain("only letters, digits, '_', ':' and '-' are accepted");
            output.ShouldContain("Nothing was changed.");
            output.ShouldNotContain("secret");
        }

        Settings.ShouldBe(settings);
        SystemCalls.ShouldBe(calls);
    }

    [Fact]
    public async Task A_token_file_without_a_token_is_refused_and_white_space_around_one_does_not_count()
    {
        File.WriteAllText(At("token"), "\n");
        var (code, output) = await InstallAsync("--from", At("release"), "--url", "wss://h", "--token-file", At("token"));
        code.ShouldBe(1);
        output.ShouldContain("is empty. Nothing was changed.");

        File.WriteAllText(At("token"), " secret-token\r\n");
        (await InstallAsync("--from", At("release"), "--url", "wss://h", "--token-file", At("token"))).Code.ShouldBe(0);
        Settings.ShouldBe("DOCKMON_URL=\"wss://h\"\nREGISTRATION_TOKEN=\"secret-token\"\n");
    }

    [Fact]
    public async Task A_token_takes_the_place_of_a_file_with_one()
    {
        await FirstAsync();
        File.WriteAllText(Root("etc/dockmon-agent/agent.env"), "DOCKMON_URL=\"wss://h\"\nREGISTRATION_TOKEN_FILE=\"/etc/dockmon-agent/token\"\n");
        (await InstallAsync("--from", At("release"), "--token-file", TokenFile("other"))).Code.ShouldBe(0);
        Settings.ShouldBe("DOCKMON_URL=\"wss://h\"\nREGISTRATION_TOKEN=\"other\"\n");
    }

    [Theory]
    [InlineData("--dry-run")]
    [InlineData("--dry-run", "--purge")]
    public async Task A_dry_run_of_removing_it_removes_nothing(params string[] options)
    {
        await FirstAsync();
        var before = Directory.GetFileSystemEntries(Root(""), "*", SearchOption.AllDirectories);
        var calls = SystemCalls.Length;
        var (code, output) = await InstallAsync(["uninstall", .. options]);
        code.ShouldBe(0, output);
        output.ShouldContain("would: rm -f ");
        output.ShouldContain("Nothing was changed.");
        output.ShouldNotContain("removed");
        SystemCalls.Length.ShouldBe(calls);
        Directory.GetFileSystemEntries(Root(""), "*", SearchOption.AllDirectories).ShouldBe(before, ignoreOrder: true);
    }

    [Fact]
    public async Task An_installation_that_is_interrupted_leaves_no_token_behind()
    {
        Script("bin/curl", $"{Hang("loading")}; exit 1");
        await using var install = Start("--url", "wss://h", "--token-file", TokenFile("secret-token"));
        await Retry.UntilAsync("it is loading", () => File.Exists(At("loading")), ct: Token);
        Directory.GetFileSystemEntries(At("tmp")).ShouldNotBeEmpty();
        // As Ctrl-C does: the shell is told, and what it waits for ends.
        install.Terminate();
        File.WriteAllText(At("ended"), "");
        (await install.WaitForExitAsync(Token)).ShouldBe(130);
        Directory.GetFileSystemEntries(At("tmp")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Removing_it_keeps_settings_and_data_until_they_are_purged(bool purge)
    {
        await FirstAsync();
        Directory.CreateDirectory(Root("var/lib/dockmon-agent"));
        var (code, output) = await InstallAsync(purge ? ["uninstall", "--purge"] : ["uninstall"]);
        code.ShouldBe(0, output);
        SystemCalls[^2..].ShouldBe(["disable --now dockmon-agent.service", "daemon-reload"]);
        File.Exists(Root("usr/local/bin/dockmon-agent")).ShouldBeFalse();
        File.Exists(Root("etc/systemd/system/dockmon-agent.service")).ShouldBeFalse();
        File.Exists(Root("etc/dockmon-agent/agent.env")).ShouldBe(!purge);
        Directory.Exists(Root("var/lib/dockmon-agent")).ShouldBe(!purge);
    }

    [Fact]
    public async Task The_unit_is_one_that_systemd_understands()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "There is no systemd-analyze here.");
        Script("usr/bin/dockmon-agent", "exit 0");
        var unit = File.ReadAllText(Path.Combine(Packaging, "dockmon-agent.service"))
            .Replace("/usr/bin/dockmon-agent", At("usr/bin/dockmon-agent"), StringComparison.Ordinal);
        File.WriteAllText(At("dockmon-agent.service"), unit);
        var (code, output) = await RunAsync("/usr/bin/systemd-analyze", "verify", At("dockmon-agent.service"));
        output.ShouldBeEmpty();
        code.ShouldBe(0);
    }
}
