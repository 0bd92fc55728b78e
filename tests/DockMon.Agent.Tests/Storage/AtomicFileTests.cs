using DockMon.Agent.Interop;
using DockMon.Agent.Storage;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Storage;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_a_crash_left_beside_the_file_is_replaced_and_no_link_is_followed()
    {
        var victim = _directory.Write("victim", "untouched");
        var path = _directory.File("journal.json");
        File.CreateSymbolicLink(path + ".tmp", victim);

        AtomicFile.Write(path, "new"u8, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        File.ReadAllText(path).ShouldBe("new");
        File.ReadAllText(victim).ShouldBe("untouched");
        File.Exists(path + ".tmp").ShouldBeFalse();
    }

    [Fact]
    public void A_write_that_fails_leaves_nothing_behind()
    {
        var path = _directory.File("taken");
        Directory.CreateDirectory(path);

        Should.Throw<Exception>(() => AtomicFile.Write(path, "new"u8, UnixFileMode.UserRead | UnixFileMode.UserWrite))
            .ShouldBeAssignableTo<SystemException>();

        Directory.GetFileSystemEntries(_directory.Path).ShouldBe([path]);
    }

    [Fact]
    public void Deleting_what_is_not_there_is_no_error()
    {
        var path = _directory.Write("file", "");

        AtomicFile.Delete(path);
        AtomicFile.Delete(path);

        File.Exists(path).ShouldBeFalse();
    }

    [Fact]
    public void A_directory_that_is_not_there_cannot_be_flushed() =>
        Should.Throw<IOException>(() => Native.FlushDirectory(_directory.File("missing"))).HResult.ShouldBe(2);
}
