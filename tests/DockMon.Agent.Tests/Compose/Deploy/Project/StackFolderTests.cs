using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy.Project;

public sealed class StackFolderTests : IDisposable
{
    private readonly TemporaryFolder _stacks = new();
    private readonly StackFolder _shop;

    public StackFolderTests() => _shop = new StackFolder(_stacks.Path, "shop");

    public void Dispose() => _stacks.Dispose();

    [Fact]
    public void Files_become_the_projects_and_are_the_owners_alone()
    {
        Replace(("docker-compose.yml", "one"), (".env", "A=1"));
        Content().ShouldBe(["shop/.env: A=1", "shop/docker-compose.yml: one"]);
        File.GetUnixFileMode(_shop.Path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.GetUnixFileMode(Path.Combine(_shop.Path, ".env")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void Variables_of_an_earlier_deployment_go_with_it_and_other_files_stay()
    {
        Replace(("docker-compose.yml", "one"), (".env", "A=1"));
        _stacks.Write("shop/data.txt", "theirs");
        Replace(("docker-compose.yml", "two"));
        Content().ShouldBe(["shop/data.txt: theirs", "shop/docker-compose.yml: two"]);
    }

    [Fact]
    public void Files_that_were_there_come_back_when_what_follows_fails()
    {
        Replace(("docker-compose.yml", "one"), (".env", "A=1"));
        var files = new Dictionary<string, string> { ["docker-compose.yml"] = "two", ["new.env"] = "B=1" };
        Should.Throw<IOException>(() => _shop.Replace(files, () => throw new IOException("the model cannot be written")));
        Content().ShouldBe(["shop/.env: A=1", "shop/docker-compose.yml: one"]);
    }

    [Fact]
    public void Nothing_is_left_of_a_first_deployment_that_fails()
    {
        var files = new Dictionary<string, string> { ["docker-compose.yml"] = "one" };
        Should.Throw<UnauthorizedAccessException>(() => _shop.Replace(files, () => throw new UnauthorizedAccessException("no")));
        Directory.Exists(_shop.Path).ShouldBeFalse();
    }

    [Fact]
    public void A_link_in_the_place_of_a_file_is_replaced_and_what_it_leads_to_is_not_touched()
    {
        var secret = _stacks.Write("secret", "keep me");
        Directory.CreateDirectory(_shop.Path);
        File.CreateSymbolicLink(Path.Combine(_shop.Path, ".env"), secret);
        Replace(("docker-compose.yml", "one"), (".env", "A=1"));
        File.ReadAllText(secret).ShouldBe("keep me");
        new FileInfo(Path.Combine(_shop.Path, ".env")).LinkTarget.ShouldBeNull();
    }

    [Fact]
    public void A_project_that_is_removed_is_gone_with_everything_in_it()
    {
        _stacks.Write("shop/deep/below/file", "");
        _stacks.Write("other/file", "");
        _shop.Remove();
        Content().ShouldBe(["other/file: "]);
        Should.NotThrow(_shop.Remove);
    }

    [Fact]
    public void A_staged_project_that_cannot_be_written_leaves_nothing_behind()
    {
        Should.Throw<IOException>(() => StagedProject.Write(
            _shop,
            _stacks.Path,
            _stacks.Path,
            new Dictionary<string, string> { ["docker-compose.yml"] = "x", ["no/such/folder"] = "" }));
        Directory.GetFileSystemEntries(_stacks.Path).ShouldBeEmpty();
    }

    [Fact]
    public void Staged_projects_that_a_killed_agent_left_are_removed_and_projects_are_not()
    {
        _stacks.Write("shop/docker-compose.yml", "one");
        StagedProject.Write(_shop, _stacks.Path, _stacks.Path, new Dictionary<string, string> { ["docker-compose.yml"] = "two" });
        StagedProject.Clear(_stacks.Path);
        Content().ShouldBe(["shop/docker-compose.yml: one"]);
        Should.NotThrow(() => StagedProject.Clear(_stacks.File("missing")));
    }

    [Fact]
    public void An_accepted_model_is_kept_for_later_and_can_be_removed()
    {
        var model = new AcceptedModel(_stacks.Path, "shop");
        model.Exists.ShouldBeFalse();
        model.Write("services: {}", "A=1");
        model.Exists.ShouldBeTrue();
        File.ReadAllText(model.EnvFile).ShouldBe("A=1");
        File.GetUnixFileMode(model.File).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        model.Remove();
        model.Exists.ShouldBeFalse();
        Should.NotThrow(model.Remove);
    }

    private void Replace(params (string Name, string Content)[] files) =>
        _shop.Replace(files.ToDictionary(file => file.Name, file => file.Content), () => { });

    private IEnumerable<string> Content() => Directory.GetFiles(_stacks.Path, "*", SearchOption.AllDirectories)
        .Select(file => $"{Path.GetRelativePath(_stacks.Path, file)}: {File.ReadAllText(file)}").Order(StringComparer.Ordinal);
}
