using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What packaging/install.sh makes root's: only what was named or published, whatever lies about.</summary>
public sealed class InstallerTrustTests : InstallerScene
{
    [Fact]
    public async Task What_lies_beside_the_script_or_in_the_current_directory_is_not_installed()
    {
        File.Copy(Path.Combine(Packaging, "install.sh"), At("install.sh"));
        Script("dockmon-agent", $"touch {At("attacked")}; echo 6.6.6");
        File.WriteAllText(At("dockmon-agent.service"), "[Service]\nExecStart=/bin/false\n");
        var options = $"--root {Root("")} --url wss://h --token-file {TokenFile("t")}";
        // As "curl … | sh" runs it, and as a file.
        foreach (var line in new[] { $"cat install.sh | sh -s -- {options}", $"sh ./install.sh {options}" })
        {
            var (code, output) = await RunAsync("sh", "-c", $"cd {At("")} && PATH={At("bin")}:$PATH && {line}");
            code.ShouldBe(1);
            output.ShouldContain("is not a release's and knows no address to download from");
            output.ShouldContain("Nothing was changed.");
        }

        File.Exists(At("attacked")).ShouldBeFalse();
        Directory.Exists(Root("usr")).ShouldBeFalse();
        SystemCalls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_program_that_was_named_is_installed_with_the_unit_that_was_named_and_not_one_that_lies_beside_it()
    {
        Script("mine/dockmon-agent", "echo 9.9.9");
        File.WriteAllText(At("mine/dockmon-agent.service"), "[Service]\nExecStart=/bin/false\n# planted\n");
        var (missing, words) = await InstallAsync("--binary", At("mine/dockmon-agent"), "--url", "wss://h", "--token-file", TokenFile("t"));
        missing.ShouldBe(1);
        words.ShouldContain("name one with --unit FILE");
        words.ShouldContain("Nothing was changed.");

        File.WriteAllText(At("unit"), "[Service]\nExecStart=/usr/bin/dockmon-agent\n# mine\n");
        var (code, output) = await InstallAsync(
            "--binary",
            At("mine/dockmon-agent"),
            "--unit",
            At("unit"),
            "--url",
            "wss://h",
            "--token-file",
            TokenFile("t"));
        code.ShouldBe(0, output);
        Unit.ShouldContain("# mine");

        // An upgrade keeps the unit that is there.
        Script("mine/dockmon-agent", "echo 9.9.10");
        (await InstallAsync("--binary", At("mine/dockmon-agent"))).Code.ShouldBe(0);
        Unit.ShouldContain("# mine");
    }

    [Fact]
    public async Task The_archive_brings_a_template_of_the_settings_that_never_replaces_them()
    {
        await FirstAsync();
        Settings.ShouldBe("DOCKMON_URL=\"wss://h\"\nREGISTRATION_TOKEN=\"t\"\n");
        var (_, content) = await RunAsync("tar", "-tzf", At("release/" + Archive));
        content.Split('\n').ShouldContain("./agent.env");
    }

    [Fact]
    public async Task A_token_on_the_command_line_is_refused_unseen()
    {
        var (code, output) = await InstallAsync("--from", At("release"), "--url", "wss://h", "--token", "secret-token");
        code.ShouldBe(1);
        output.ShouldContain("--token-file FILE");
        output.ShouldNotContain("secret-token");
        SystemCalls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_holder_of_the_root_directory_keeps_nobody_waiting_and_the_lock_is_for_root_alone()
    {
        await using var holder = ProgramProcess.Start("flock", [Root("") + "/", "sh", "-c", Hang("holding")], new Dictionary<string, string>());
        await Retry.UntilAsync("the directory is held", () => File.Exists(At("holding")), ct: Token);
        await FirstAsync();
        File.GetUnixFileMode(Root("run/dockmon-agent-install.lock")).ShouldBe(OwnerOnly);
        File.WriteAllText(At("ended"), "");
    }

    [Fact]
    public async Task A_release_of_a_repository_names_it_and_one_of_none_names_nobody()
    {
        Script("content/dockmon-agent", "echo 3.1.0");
        foreach (var (repository, published) in new[] { ("acme/agent", "published=https://github.com/acme/agent/releases"), ("", "published=''") })
        {
            var environment = new Dictionary<string, string> { ["REPOSITORY"] = repository, ["GITHUB_REPOSITORY"] = "" };
            (await RunAsync(
                Path.Combine(Packaging, "archive.sh"),
                environment,
                ["agent", "amd64", "3.1.0", At("content/dockmon-agent"), At("made")])).Code.ShouldBe(0);
            var (_, files) = await RunAsync("tar", "-xzOf", At("made/" + Archive), "./install.sh", "./dockmon-agent.service");
            files.Split('\n').ShouldContain(published);
            files.ShouldNotContain("OWNER/");
        }
    }
}
