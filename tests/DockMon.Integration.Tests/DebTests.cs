using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The Debian packages, installed by dpkg into a root directory of their own, with a systemctl that only takes notes.</summary>
public sealed class DebTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();

    public DebTests()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dpkg-deb"), "There is no dpkg here.");
        Directory.CreateDirectory(Root("run/systemd/system"));
        Directory.CreateDirectory(Root("var/lib/dpkg/info"));
        Directory.CreateDirectory(Root("var/lib/dpkg/updates"));
        Directory.CreateDirectory(Root("tmp"));
        File.WriteAllText(Root("var/lib/dpkg/status"), "");
        Script("bin/systemctl", $"echo \"$*\" >>{At("systemctl.log")}");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string[] SystemCalls => File.Exists(At("systemctl.log")) ? File.ReadAllLines(At("systemctl.log")) : [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("amd64")]
    [InlineData("arm64")]
    public async Task A_package_is_for_its_architecture_and_its_settings_are_root_only(string architecture)
    {
        var package = await BuildAsync("3.0.0-rc.1", architecture);
        var about = await RunAsync("dpkg-deb", "--field", package, "Package", "Version", "Architecture");
        about.ShouldBe($"Package: dockmon-agent\nVersion: 3.0.0~rc.1\nArchitecture: {architecture}");
        var files = (await RunAsync("dpkg-deb", "--contents", package)).Split('\n');
        files.ShouldContain(line => line.StartsWith("-rwxr-xr-x root/root", StringComparison.Ordinal)
            && line.EndsWith(" ./usr/bin/dockmon-agent", StringComparison.Ordinal));
        files.ShouldContain(line => line.StartsWith("-rw------- root/root", StringComparison.Ordinal)
            && line.EndsWith(" ./etc/dockmon-agent/agent.env", StringComparison.Ordinal));
        files.ShouldContain(line => line.EndsWith(" ./usr/lib/systemd/system/dockmon-agent.service", StringComparison.Ordinal));
        files.ShouldContain(line => line.EndsWith(" ./usr/share/doc/dockmon-agent/policies/operate.yaml", StringComparison.Ordinal));
        files.ShouldContain(line => line.StartsWith("drwxr-xr-x root/root", StringComparison.Ordinal)
            && line.EndsWith(" ./etc/dockmon-agent/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_installation_waits_for_its_settings_an_upgrade_keeps_them_and_a_purge_takes_everything()
    {
        await DpkgAsync("--install", await BuildAsync("3.0.0"));
        SystemCalls.ShouldBe(["daemon-reload", "enable --quiet dockmon-agent.service"]);
        File.GetUnixFileMode(Settings).ShouldBe(OwnerOnly);

        await File.WriteAllTextAsync(Settings, "DOCKMON_URL=\"wss://h\"\n", Token);
        await DpkgAsync("--force-confold", "--install", await BuildAsync("3.1.0"));
        SystemCalls[2..].ShouldBe(["daemon-reload", "try-restart dockmon-agent.service"]);
        (await File.ReadAllTextAsync(Settings, Token)).ShouldBe("DOCKMON_URL=\"wss://h\"\n");
        (await RunAsync(Root("usr/bin/dockmon-agent"), "version")).ShouldBe("3.1.0");

        Directory.CreateDirectory(Root("var/lib/dockmon-agent"));
        await DpkgAsync("--remove", "dockmon-agent");
        SystemCalls[4..].ShouldBe(["is-enabled --quiet dockmon-agent.service", "disable --quiet --now dockmon-agent.service", "daemon-reload"]);
        File.Exists(Settings).ShouldBeTrue();
        Directory.Exists(Root("var/lib/dockmon-agent")).ShouldBeTrue();

        await DpkgAsync("--purge", "dockmon-agent");
        Directory.Exists(Root("etc/dockmon-agent")).ShouldBeFalse();
        Directory.Exists(Root("var/lib/dockmon-agent")).ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_removed_and_is_installed_again_runs_again_unless_it_was_disabled(bool enabled)
    {
        var package = await BuildAsync("3.0.0");
        await DpkgAsync("--install", package);
        await File.WriteAllTextAsync(Settings, "DOCKMON_URL=\"wss://h\"\n", Token);
        Script("bin/systemctl", $"echo \"$*\" >>{At("systemctl.log")}; test \"$1\" != is-enabled || {(enabled ? "true" : "false")}");
        await DpkgAsync("--remove", "dockmon-agent");
        var before = SystemCalls.Length;
        await DpkgAsync("--install", package);
        SystemCalls[before..].ShouldBe(enabled
            ? ["daemon-reload", "enable --quiet dockmon-agent.service", "restart dockmon-agent.service"]
            : ["daemon-reload", "try-restart dockmon-agent.service"]);

        // From then on it is an upgrade again.
        before = SystemCalls.Length;
        await DpkgAsync("--install", package);
        SystemCalls[before..].ShouldBe(["daemon-reload", "try-restart dockmon-agent.service"]);
    }

    [Fact]
    public async Task Where_no_systemd_runs_nothing_of_it_is_called()
    {
        Directory.Delete(Root("run/systemd"), recursive: true);
        await DpkgAsync("--install", await BuildAsync("3.0.0"));
        await DpkgAsync("--purge", "dockmon-agent");
        SystemCalls.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_hubs_package_has_its_SQLite_beside_it_and_runs_without_settings()
    {
        Script("hub/dockmon-hub", "echo 3.0.0");
        await File.WriteAllTextAsync(At("hub/libe_sqlite3.so"), "SQLite", Token);
        var package = await RunAsync(
            Path.Combine(Repository.Root, "packaging/deb.sh"), "hub", "amd64", "3.0.0", At("hub/dockmon-hub"), At("packages"));
        await DpkgAsync("--install", package);
        SystemCalls.ShouldBe(["daemon-reload", "enable --quiet dockmon-hub.service", "restart dockmon-hub.service"]);
        (await RunAsync(Root("usr/bin/dockmon-hub"))).ShouldBe("3.0.0");
        File.Exists(Root("usr/lib/dockmon-hub/libe_sqlite3.so")).ShouldBeTrue();
        File.GetUnixFileMode(Root("etc/dockmon-hub/hub.env")).ShouldBe(OwnerOnly);
        (await File.ReadAllTextAsync(Root("usr/lib/systemd/system/dockmon-hub.service"), Token)).ShouldNotContain("OWNER");

        await DpkgAsync("--purge", "dockmon-hub");
        SystemCalls[3..].ShouldBe(["is-enabled --quiet dockmon-hub.service", "disable --quiet --now dockmon-hub.service", "daemon-reload"]);
        Directory.Exists(Root("etc/dockmon-hub")).ShouldBeFalse();
    }

    private string Settings => Root("etc/dockmon-agent/agent.env");

    private string At(string name) => Path.Combine(_folder.Path, name);

    private string Root(string name) => Path.Combine(_folder.Path, "root", name);

    private Task<string> BuildAsync(string version, string architecture = "amd64")
    {
        Script("program", $"echo {version}");
        return RunAsync(Path.Combine(Repository.Root, "packaging/deb.sh"), "agent", architecture, version, At("program"), At("packages"));
    }

    private Task<string> DpkgAsync(params string[] arguments) =>
        RunAsync("dpkg", ["--root", Root(""), "--force-script-chrootless", "--force-depends", "--force-architecture", .. arguments]);

    private void Script(string name, string body)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(
            At(name),
            OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{At("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["DEBIAN_FRONTEND"] = "noninteractive"
        };
        await using var process = ProgramProcess.Start(program, arguments, environment);
        (await process.WaitForExitAsync(Token)).ShouldBe(0, process.Tail());
        return string.Join('\n', process.Lines);
    }
}
