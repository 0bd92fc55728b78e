using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class TokenStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_token_is_kept_for_the_owner_alone_and_replaced_as_a_whole()
    {
        var store = new TokenStore(_folder.Path);
        store.ReadPermanentToken().ShouldBeNull();
        store.SavePermanentToken("first");
        store.SavePermanentToken("second");
        store.ReadPermanentToken().ShouldBe("second");
        Directory.GetFiles(_folder.Path).ShouldBe([Path.Combine(_folder.Path, "permanent_token")]);
        File.GetUnixFileMode(Path.Combine(_folder.Path, "permanent_token")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void The_directory_is_made_and_the_proof_that_it_can_be_written_leaves_nothing_behind()
    {
        var path = Path.Combine(_folder.Path, "not", "there");
        new TokenStore(path).EnsureWritable();
        Directory.GetFileSystemEntries(path).ShouldBeEmpty();
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_one_line_with_the_remedy()
    {
        // Writable for nobody, root included: a file stands where the directory should be.
        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        var message = Should.Throw<ConfigurationException>(() => new TokenStore(Path.Combine(file, "data")).EnsureWritable()).Message;
        message.ShouldContain("DATA_PATH");
        message.ShouldContain("-v dockmon-agent-data:/data");
        message.ShouldNotContain("\n");
    }

    public void Dispose() => _folder.Dispose();
}
