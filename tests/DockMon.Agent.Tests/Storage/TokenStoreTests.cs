using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;
using DockMon.Agent.Storage;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Storage;

public sealed class TokenStoreTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void There_is_no_token_before_one_is_saved()
    {
        new TokenStore(_directory.Path).ReadPermanentToken().ShouldBeNull();
        new TokenStore(_directory.File("not-there")).ReadPermanentToken().ShouldBeNull();
    }

    [Fact]
    public void A_saved_token_is_read_by_the_next_process_and_by_nobody_else()
    {
        new TokenStore(_directory.Path).SavePermanentToken("perm-1");
        new TokenStore(_directory.Path).SavePermanentToken("perm-2");

        new TokenStore(_directory.Path).ReadPermanentToken().ShouldBe("perm-2");
        Mode(_directory.File("permanent_token")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(_directory.Path).ShouldBe([_directory.File("permanent_token")]);
    }

    [Fact]
    public void A_file_others_could_read_is_narrowed_by_saving()
    {
        _directory.Write("permanent_token", "old");

        new TokenStore(_directory.Path).SavePermanentToken("new");

        Mode(_directory.File("permanent_token")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void An_empty_file_is_no_token()
    {
        _directory.Write("permanent_token", "\n");

        new TokenStore(_directory.Path).ReadPermanentToken().ShouldBeNull();
    }

    [Fact]
    public void A_file_with_something_else_is_named_and_not_shown()
    {
        var path = _directory.Write("permanent_token", "n0t a token");

        var message = Should.Throw<ConfigurationException>(() => new TokenStore(_directory.Path).ReadPermanentToken()).Message;

        message.ShouldContain(path);
        message.ShouldNotContain("n0t");
    }

    [Fact]
    public void A_directory_that_is_missing_is_made_and_left_empty()
    {
        var path = _directory.File("a/b");

        new TokenStore(path).EnsureWritable();

        Directory.GetFileSystemEntries(path).ShouldBeEmpty();
    }

    [Fact]
    public void A_path_that_is_a_file_is_refused()
    {
        var path = _directory.Write("file", "");

        Should.Throw<ConfigurationException>(() => new TokenStore(path).EnsureWritable()).Message
            .ShouldBe($"DATA_PATH {path} cannot be written: it is a file; name a directory");
    }

    [Fact]
    public void A_place_where_nothing_can_be_made_is_refused_in_one_line()
    {
        var message = Should.Throw<ConfigurationException>(() => new TokenStore("/proc/agent-data").EnsureWritable()).Message;

        message.ShouldStartWith("DATA_PATH /proc/agent-data cannot be written: ");
        message.ShouldNotContain('\n');
    }

    [Theory]
    [InlineData(30, "read-only")]
    [InlineData(28, "disk is full")]
    [InlineData(122, "quota")]
    public void The_reason_a_write_failed_comes_with_a_remedy(int error, string reason) =>
        StorageAdvice.Describe(new IOException("text", error), "/data").ShouldContain(reason);

    [Fact]
    public void A_missing_permission_names_the_user() =>
        StorageAdvice.Describe(new UnauthorizedAccessException(), "/data").ShouldContain($"chown -R {Native.UserId} /data");

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);
}
