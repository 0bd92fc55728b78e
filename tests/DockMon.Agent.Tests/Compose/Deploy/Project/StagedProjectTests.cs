using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy.Project;

public sealed class StagedProjectTests : IDisposable
{
    private const string HostStacks = "/host/stacks";
    private readonly TemporaryFolder _stacks = new();
    private readonly TemporaryFolder _data = new();
    private readonly StackFolder _shop;

    public StagedProjectTests() => _shop = new StackFolder(_stacks.Path, "shop");

    public void Dispose()
    {
        _stacks.Dispose();
        _data.Dispose();
    }

    [Fact]
    public void It_is_where_only_the_agent_can_enter_and_its_paths_are_the_hosts()
    {
        using var staged = Write("services: {}");
        Directory.GetFileSystemEntries(_stacks.Path).ShouldBeEmpty();
        var root = Directory.GetDirectories(_data.File("compose")).ShouldHaveSingleItem();
        File.GetUnixFileMode(root).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        staged.Path.ShouldBe(root + "/host/stacks/shop");
        staged.InPlace($"a: {staged.Path}/html\nb: {root}/host/data\nc: {root}\n").ShouldBe("a: /host/stacks/shop/html\nb: /host/data\nc: /\n");
        Should.Throw<CommandException>(() => staged.InPlace($"'{Path.GetFileName(root)}/x'")).Message.ShouldContain("DATA_PATH");
    }

    [Fact]
    public void It_has_the_requests_files_and_no_variables_of_an_earlier_deployment()
    {
        _stacks.Write("shop/docker-compose.yml", "one");
        _stacks.Write("shop/.env", "OLD=1");
        _stacks.Write("shop/html/index.html", "theirs");
        var staged = Write("services: {web: {env_file: .env, volumes: ['./html:/html']}}");
        using (staged)
        {
            Directory.GetFileSystemEntries(staged.Path).ShouldBe([staged.File]);
            File.ReadAllText(staged.File).ShouldStartWith("services");
            staged.EnvFile.ShouldBeNull();
            staged.InPlace($"{staged.Path}/html").ShouldBe("/host/stacks/shop/html");
        }

        Directory.Exists(staged.Path).ShouldBeFalse();
        File.ReadAllText(Path.Combine(_shop.Path, "html", "index.html")).ShouldBe("theirs");
    }

    [Theory]
    [InlineData("services: {web: {env_file: app.env}}", "app.env")]
    [InlineData("services: {web: {env_file: [./app.env, {path: conf/deep/app.env}]}}", "app.env conf/deep/app.env")]
    [InlineData("x-all: &all {env_file: [app.env]}\nservices: {web: {<<: *all}}", "app.env")]
    [InlineData("services: {web: {label_file: app.env}}", "app.env")]
    [InlineData("services: {web: {env_file: 'conf/${DEPTH:-${D}}/$NAME.env'}}", "conf/deep/app.env")]
    [InlineData("services: {web: {extends: {file: sub/base.yml, service: web}}}", "sub/base.yml sub/base.env")]
    [InlineData("include: [sub/base.yml]", "sub/base.yml sub/base.env sub/.env")]
    [InlineData("include: [{path: [sub/base.yml], project_directory: ., env_file: app.env}]", "sub/base.yml base.env app.env")]
    [InlineData("services: {web: {build: conf}, app: {build: {context: ./sub}}}", "conf/ sub/")]
    [InlineData("services: {web: {env_file: [missing.env, ../other/app.env, /etc/hostname]}}", "../other/app.env")]
    [InlineData("include: [../other/base.yml]", "../other/base.yml ../other/app.env")]
    [InlineData("services: {web: {env_file: ../shop/app.env}}", "app.env")]
    public void It_has_copies_of_what_the_compose_files_name(string compose, string names)
    {
        foreach (var file in new[] { "app.env", "base.env", "conf/deep/app.env", "sub/base.env", "sub/.env" })
        {
            _stacks.Write("shop/" + file, file);
        }

        _stacks.Write("other/app.env", "other");
        _stacks.Write("other/base.yml", "services: {web: {env_file: app.env}}");
        _stacks.Write("shop/sub/base.yml", "services: {web: {env_file: base.env, extends: {file: base.yml, service: app}}}");
        using var staged = Write(compose);
        var all = Path.GetDirectoryName(staged.Path)!;
        var files = Directory.GetFiles(all, "*", SearchOption.AllDirectories).Where(file => file != staged.File).ToList();
        files.Select(file => new FileInfo(file).LinkTarget).ShouldAllBe(target => target == null);
        var folders = Directory.GetDirectories(all, "*", SearchOption.AllDirectories).Where(folder => Directory.GetFileSystemEntries(folder).Length == 0);
        files.Concat(folders.Select(folder => folder + "/")).Select(path => Path.GetRelativePath(staged.Path, path))
            .ShouldBe(names.Split(' ', StringSplitOptions.RemoveEmptyEntries), ignoreOrder: true);
    }

    [Theory]
    [InlineData("services: {web: {env_file: app.env}}", "app.env")]
    [InlineData("services: {web: {env_file: [conf/secret]}}", "conf/secret")]
    [InlineData("include: [app.env]", "app.env")]
    [InlineData("services: {web: {env_file: ../shop/app.env}}", "app.env")]
    [InlineData("services: {web: {extends: {file: app.env}}}", "app.env")]
    public void A_link_that_a_container_put_there_is_not_followed(string compose, string name)
    {
        var secret = _stacks.Write("host/secret", "HOSTSECRET=42");
        _stacks.Write("shop/docker-compose.yml", "");
        File.CreateSymbolicLink(Path.Combine(_shop.Path, "app.env"), secret);
        Directory.CreateSymbolicLink(Path.Combine(_shop.Path, "conf"), Path.GetDirectoryName(secret)!);
        Should.Throw<CommandException>(() => Write(compose)).Message.ShouldStartWith(
            $"refused to read {_shop.Path}/{name}, which the compose file of project shop names: its path has a symbolic link in it");
        Directory.GetDirectories(_data.File("compose")).ShouldBeEmpty();
    }

    [Fact]
    public void A_link_that_a_name_with_a_variable_may_mean_is_not_there()
    {
        _stacks.Write("shop/docker-compose.yml", "");
        File.CreateSymbolicLink(Path.Combine(_shop.Path, "app.env"), _stacks.Write("secret", "HOSTSECRET=42"));
        using var staged = Write("services: {web: {env_file: $STAGE.env}}");
        Directory.GetFileSystemEntries(staged.Path).ShouldBe([staged.File]);
    }

    [Fact]
    public void The_projects_own_files_are_named_by_relative_paths() =>
        Should.Throw<CommandException>(() => Write($"services: {{web: {{env_file: {HostStacks}/shop/app.env}}}}"))
            .Message.ShouldContain("name it by a relative one");

    private StagedProject Write(string compose) =>
        StagedProject.Write(_shop, HostStacks, _data.File("compose"), new Dictionary<string, string> { ["docker-compose.yml"] = compose });
}
