using DockMon.Agent.Hosting;
using DockMon.Agent.Interop;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

/// <summary>What an earlier image's user has in the data directory becomes the later one's, and nothing else does.</summary>
public sealed class EarlierUserTests : IDisposable
{
    private const uint Earlier = EarlierUser.Id;
    private const uint Later = EarlierUser.Successor;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder _folder = new();
    private readonly string _data;

    public EarlierUserTests()
    {
        Assert.SkipWhen(Environment.UserName != "root", "Only root can give a file away.");
        _data = Directory.CreateDirectory(_folder.File("data")).FullName;
        Have("permanent_token", Earlier);
        Have("updates/accepted/1.json", Earlier);
        Have("stacks/web/docker-compose.yml", Earlier);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_that_is_the_earlier_users_is_the_later_ones_afterwards()
    {
        EarlierUser.Owns(_data, Later).ShouldBeTrue();
        EarlierUser.Give(_data).ShouldBe(new HandOver(Given: 8, Left: 0, Problem: null));
        foreach (var path in Directory.EnumerateFileSystemEntries(_data, "*", SearchOption.AllDirectories).Append(_data))
        {
            var status = FileStatus.Read(path, followLink: false)!;
            (status.User, status.Group).ShouldBe((Later, Later), path);
        }

        EarlierUser.Owns(_data, Later).ShouldBeFalse("it is done once");
    }

    [Theory]
    [InlineData(Earlier, 1234u)]
    [InlineData(Earlier, Earlier)]
    [InlineData(0u, Later)]
    [InlineData(1234u, Later)]
    public void A_directory_of_anybody_else_and_any_other_user_are_left_alone(uint owner, uint wanted)
    {
        Native.TryGive(_data, owner).ShouldBeTrue();
        EarlierUser.Owns(_data, wanted).ShouldBeFalse();
        DataOwner.Find(new DataFolders(_data, _data + "/stacks"), wanted).User.ShouldBe(wanted);
    }

    [Fact]
    public void What_is_others_and_what_containers_keep_stays_theirs()
    {
        Have("root", 0);
        Have("stranger/file", 1234);
        Have("stacks/web/database/file", Earlier);
        EarlierUser.Give(_data).Problem.ShouldBeNull();
        Owner("root").ShouldBe(0u);
        Owner("stranger").ShouldBe(1234u);
        Owner("stranger/file").ShouldBe(1234u);
        Owner("stacks/web").ShouldBe(Later);
        Owner("stacks/web/database").ShouldBe(Earlier);
        Owner("stacks/web/database/file").ShouldBe(Earlier);
    }

    [Fact]
    public void No_link_is_followed()
    {
        var outside = Directory.CreateDirectory(_folder.File("outside")).FullName;
        var file = _folder.Write("outside/file", "");
        Native.TryGive(file, Earlier);
        Native.TryGive(outside, Earlier);
        File.CreateSymbolicLink(Path.Combine(_data, "to-file"), file);
        Directory.CreateSymbolicLink(Path.Combine(_data, "to-folder"), outside);
        Native.TryGive(Path.Combine(_data, "to-file"), Earlier);
        Native.TryGive(Path.Combine(_data, "to-folder"), Earlier);

        EarlierUser.Give(_data).Problem.ShouldBeNull();
        FileStatus.Read(file)!.User.ShouldBe(Earlier);
        FileStatus.Read(outside)!.User.ShouldBe(Earlier);
        Owner("to-folder").ShouldBe(Later, "the link itself is the agent's");

        Directory.CreateSymbolicLink(_folder.File("data-link"), _folder.File("data"));
        Native.TryGive(_folder.File("data-link"), Earlier);
        EarlierUser.Owns(_folder.File("data-link"), Later).ShouldBeFalse();
        EarlierUser.Give(_folder.File("data-link")).Problem.ShouldNotBeNull();
    }

    [Fact]
    public void A_directory_that_is_not_there_is_a_problem_that_is_told() =>
        EarlierUser.Give(_folder.File("missing")).ShouldBe(HandOver.Failed("No such file or directory"));

    [Fact]
    public void Stacks_of_that_user_elsewhere_keep_that_user()
    {
        var stacks = Directory.CreateDirectory(_folder.File("stacks")).FullName;
        Native.TryGive(stacks, Earlier);
        var owner = DataOwner.Settle(new DataFolders(_data, stacks), Later);
        (owner.User, owner.Done).ShouldBe((Earlier, null));
        owner.Concern.ShouldNotBeNull().ShouldContain($"AGENT_STACKS_DIR {stacks} belongs to user 1000");
        Owner("permanent_token").ShouldBe(Earlier);

        Native.TryGive(stacks, 0);
        DataOwner.Settle(new DataFolders(_data, stacks), Later).ShouldBe(
            new DataOwner(Later, $"gave it 8 files and directories of user 1000, that of earlier images, in {_data}"));
    }

    [Fact]
    public void What_root_left_goes_to_whoever_the_agent_will_be()
    {
        Have("roots/file", 0);
        DataOwner.Settle(new DataFolders(_data, _data + "/stacks"), Later).User.ShouldBe(Later);
        Owner("roots/file").ShouldBe(Later);
    }

    private uint Owner(string name) => FileStatus.Read(Path.Combine(_data, name), followLink: false)!.User;

    /// <summary>Makes a file, with it the directories above it that are missing, and closes these to all others.</summary>
    private void Have(string name, uint user)
    {
        var path = _data;
        Native.TryGive(_data, Earlier);
        foreach (var part in name.Split('/')[..^1])
        {
            path = Path.Combine(path, part);
            if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path, OwnerOnly);
                Native.TryGive(path, user);
            }
        }

        File.WriteAllText(Path.Combine(_data, name), "");
        Native.TryGive(Path.Combine(_data, name), user);
    }
}
