using System.Diagnostics;
using DockMon.Agent.Interop;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Interop;

public sealed class NativeTests : IDisposable
{
    private const int NoSuchFile = 2;
    private const int NoPermission = 13;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_directory_is_flushed_and_one_that_is_not_there_is_an_error_with_its_number_and_path()
    {
        Should.NotThrow(() => Native.FlushDirectory(_folder.Path));
        var error = Should.Throw<IOException>(() => Native.FlushDirectory(_folder.File("missing")));
        error.HResult.ShouldBe(NoSuchFile);
        error.Message.ShouldBe($"open of {_folder.File("missing")}: No such file or directory");
    }

    [Fact]
    public void A_program_that_cannot_be_executed_leaves_this_one_as_it_is()
    {
        var missing = Should.Throw<IOException>(() => Native.Execute(_folder.File("missing"), ["x"], []));
        missing.HResult.ShouldBe(NoSuchFile);
        missing.Message.ShouldStartWith("execve of ");
        var file = _folder.Write("no-program", "text");
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Should.Throw<IOException>(() => Native.Execute(file, ["x"], ["A=1"])).HResult.ShouldBe(NoPermission);
    }

    [Fact]
    public async Task A_handle_shows_the_end_of_its_process_and_kills_that_one_alone()
    {
        using var process = Start("exec sleep 600");
        var handle = Native.OpenProcess(process.Id);
        Assert.SkipWhen(handle is null, "this kernel has no handles of processes");
        Native.HasEnded(handle!.Value).ShouldBeFalse();
        Native.KillByHandle(handle.Value);
        await Retry.UntilAsync("the process has ended", () => Native.HasEnded(handle.Value), ct: Token);
        Should.NotThrow(() => Native.KillByHandle(handle.Value));
        Native.CloseHandle(handle.Value);
        await process.WaitForExitAsync(Token);
        process.ExitCode.ShouldBe(128 + 9);
    }

    [Fact]
    public async Task A_process_that_is_asked_to_end_may_do_so_in_its_own_way()
    {
        using var process = Start("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done");
        (await process.StandardOutput.ReadLineAsync(Token)).ShouldBe("ready");
        Native.Terminate(process.Id);
        await process.WaitForExitAsync(Token);
        process.ExitCode.ShouldBe(7);
    }

    [Fact]
    public void A_process_that_is_no_child_counts_as_reaped() => Native.TryReap(1).ShouldBeTrue();

    [Fact]
    public void Whether_a_directory_takes_files_is_told_for_this_user()
    {
        Native.MayWriteIn(_folder.Path).ShouldBeTrue();
        Native.MayWriteIn(_folder.File("missing")).ShouldBeFalse();
    }

    [Fact]
    public void A_file_that_is_not_there_is_given_to_nobody() => Native.TryGive(_folder.File("missing"), Native.UserId).ShouldBeFalse();

    [Fact]
    public void A_link_is_given_away_and_not_what_it_leads_to()
    {
        Assert.SkipWhen(Native.UserId != 0, "only root may give files away");
        var file = _folder.Write("file", "");
        File.CreateSymbolicLink(_folder.File("link"), file);
        Native.TryGive(_folder.File("link"), 4242).ShouldBeTrue();
        Agent.SelfUpdate.Programs.FileTrust.WhyNotFile(file).ShouldBeNull("the file is still root's");
    }

    [Fact]
    public void Groups_of_the_process_are_those_that_the_kernel_shows()
    {
        var shown = File.ReadLines("/proc/self/status").First(line => line.StartsWith("Groups:", StringComparison.Ordinal))["Groups:".Length..];
        Native.Groups().ShouldBe(shown.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(group => uint.Parse(group, System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static Process Start(string script) =>
        Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
