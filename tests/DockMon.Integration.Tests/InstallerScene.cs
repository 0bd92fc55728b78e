using System.Diagnostics;
using System.Security.Cryptography;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>packaging/install.sh, in a root directory of its own, with a systemctl that only takes notes.</summary>
public abstract class InstallerScene : IDisposable
{
    protected const string Archive = "dockmon-agent-linux-amd64.tar.gz";
    protected const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    protected static readonly string Packaging = Path.Combine(Repository.Root, "packaging");

    private readonly TemporaryFolder _folder = new();

    protected InstallerScene()
    {
        Assert.SkipUnless(
            System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.X64,
            "The release of these tests is for amd64.");
        Directory.CreateDirectory(Root("run/systemd/system"));
        Script("bin/systemctl", $"echo \"$*\" >>{At("systemctl.log")}; test \"$1\" != restart || test ! -e {At("broken")} || {{ rm {At("broken")}; exit 1; }}");
        Release("1.0.0");
    }

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected string Settings => File.ReadAllText(Root("etc/dockmon-agent/agent.env"));

    protected string Unit => File.ReadAllText(Root("etc/systemd/system/dockmon-agent.service"));

    protected string[] SystemCalls => File.Exists(At("systemctl.log")) ? File.ReadAllLines(At("systemctl.log")) : [];

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected string At(string name) => Path.Combine(_folder.Path, name);

    protected string Root(string name) => Path.Combine(_folder.Path, "root", name).TrimEnd('/');

    protected void Script(string name, string body)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(
            At(name),
            OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }

    /// <summary>
    /// What a program does that says it is there and goes on until it is told to end. It
    /// ends with the test, too, which does not wait for its output.
    /// </summary>
    protected string Hang(string said) => $"exec >/dev/null 2>&1; touch {At(said)}; until [ -e {At("ended")} ] || [ ! -e {At(said)} ]; do sleep 0.1; done";

    /// <summary>The script that is run.</summary>
    protected string Installer { get; set; } = Path.Combine(Packaging, "install.sh");

    /// <summary>Makes a release's files as eng/release does, with a program that only knows its version.</summary>
    protected void Release(string version, string? program = null, string? keys = null)
    {
        Script("content/dockmon-agent", program ?? $"echo {version}");
        var start = new ProcessStartInfo(
            Path.Combine(Packaging, "archive.sh"),
            ["agent", "amd64", version, At("content/dockmon-agent"), At("release")])
            {
                RedirectStandardOutput = true,
                Environment = { ["RELEASE_KEYS"] = keys }
            };
        using (var archive = Process.Start(start)!)
        {
            archive.WaitForExit();
            archive.ExitCode.ShouldBe(0);
        }

        WriteChecksums();
    }

    protected void WriteChecksums() => File.WriteAllText(
        At("release/checksums.txt"),
        $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(At("release/" + Archive))))}  {Archive}\n");

    /// <summary>A file with a token, for --token-file.</summary>
    protected string TokenFile(string token)
    {
        File.WriteAllText(At("token"), token);
        return At("token");
    }

    protected async Task FirstAsync()
    {
        var (code, output) = await InstallAsync("--from", At("release"), "--url", "wss://h", "--token-file", TokenFile("t"));
        code.ShouldBe(0, output);
    }

    protected Task<(int Code, string Output)> InstallAsync(params string[] arguments) => InstallAsync(new Dictionary<string, string>(), arguments);

    protected Task<(int Code, string Output)> InstallAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        environment["PATH"] = $"{At("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        return RunAsync("sh", environment, [Installer, "--root", Root(""), .. arguments]);
    }

    protected ProgramProcess Start(params string[] arguments)
    {
        Directory.CreateDirectory(At("tmp"));
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{At("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["TMPDIR"] = At("tmp"),
            ["DOCKMON_AGENT_RELEASES"] = "http://127.0.0.1:9/never-asked",
        };
        return ProgramProcess.Start("sh", [Path.Combine(Packaging, "install.sh"), "--root", Root(""), .. arguments], environment, ["REGISTRATION_TOKEN"]);
    }

    /// <summary>What is only there while something is being installed.</summary>
    protected IEnumerable<string> LeftOver() =>
        Directory.GetFiles(Root(""), "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".previous", StringComparison.Ordinal) || file.EndsWith(".new", StringComparison.Ordinal));

    protected static Task<(int Code, string Output)> RunAsync(string program, params string[] arguments) =>
        RunAsync(program, new Dictionary<string, string>(), arguments);

    protected static async Task<(int Code, string Output)> RunAsync(string program, Dictionary<string, string> environment, string[] arguments)
    {
        await using var process = ProgramProcess.Start(program, arguments, environment, ["REGISTRATION_TOKEN"]);
        var code = await process.WaitForExitAsync(Token);
        return (code, string.Join('\n', process.Lines));
    }
}
