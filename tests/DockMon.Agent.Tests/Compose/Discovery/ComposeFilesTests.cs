using System.Diagnostics;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Policies.Redaction;
using DockMon.Agent.Tests.Policies;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Discovery;

public sealed class ComposeFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_search_finds_each_file_once_and_enters_nothing_it_must_not()
    {
        Write("a/docker-compose.yml", "name: shop\nservices:\n  web: {image: x}\n  db: {}\n");
        Write("a/b/compose.yaml", "services: [");
        Write(".hidden/compose.yml", "");
        Write("node_modules/compose.yml", "");
        Write("a/other.yml", "");
        Directory.CreateSymbolicLink(At("link"), At("a"));
        File.CreateSymbolicLink(At("compose.yml"), At("a/docker-compose.yml"));
        var found = Scan(new ScanComposeRequest { Paths = [At("a"), At("a/b"), At("link"), "/proc", "relative", null!, ""] });
        found.Select(file => (file.Path, file.ProjectName, string.Join(' ', file.Services)))
            .ShouldBe([(At("a/b/compose.yaml"), "b", ""), (At("a/docker-compose.yml"), "shop", "web db")]);
        Scan(new ScanComposeRequest { Recursive = false, Paths = [At("a")] }, roots: []).Count.ShouldBe(1);
        Scan(new ScanComposeRequest { MaxDepth = 0 }).ShouldBeEmpty();
    }

    [Fact]
    public void What_is_said_of_a_file_is_of_the_one_that_was_opened()
    {
        Write("a/compose.yml", "name: shop");
        File.SetLastWriteTimeUtc(At("a/compose.yml"), new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        var summary = ComposeScan.Summary(At("a/compose.yml")).ShouldNotBeNull();
        (summary.ProjectName, summary.Size, summary.Modified).ShouldBe(("shop", 10, "2026-01-02T03:04:05Z"));

        // Swapped for a link after the directory was listed: of the file behind it nothing is said.
        File.CreateSymbolicLink(At("a/compose.yaml"), At("a/compose.yml"));
        Directory.CreateSymbolicLink(At("b"), At("a"));
        ComposeScan.Summary(At("a/compose.yaml")).ShouldBeNull();
        ComposeScan.Summary(At("b/compose.yml")).ShouldBeNull();
        ComposeScan.Summary(At("a/docker-compose.yml")).ShouldBeNull();
    }

    [Fact]
    public void A_file_without_text_is_listed_without_services()
    {
        Write("a/compose.yml", new string(' ', ComposeFiles.SizeLimit + 1));
        var summary = ComposeScan.Summary(At("a/compose.yml")).ShouldNotBeNull();
        (summary.ProjectName, summary.Size, summary.Services.Count).ShouldBe(("a", ComposeFiles.SizeLimit + 1, 0));
    }

    [Fact]
    public void A_search_ends_after_so_many_files()
    {
        for (var i = 0; i < ComposeScan.FileLimit + 1; i++)
        {
            File.Create(At($"f{i}")).Dispose();
        }

        Write("below/compose.yml", "");
        Scan(new ScanComposeRequest()).ShouldBeEmpty();
    }

    [Fact]
    public void A_file_is_read_with_the_env_files_beside_it()
    {
        Write("compose.yml", "services:\n  a: {env_file: ./a.env}\n  b: {env_file: [missing.env, ../up.env, link.env, {path: a.env}]}\n");
        Write("a.env", "A=1\n");
        Write(".env", "X=\"y\"\n");
        File.CreateSymbolicLink(At("link.env"), "/etc/passwd");
        var read = ComposeFiles.Read(At("compose.yml"), Redactor.None);
        read.Success.ShouldBeTrue(read.Error);
        read.EnvContent.ShouldBe("X=\"y\"\n");
        read.EnvFiles.ShouldNotBeNull()
            .ShouldBe(new Dictionary<string, string> { [".env"] = "X=\"y\"\n", ["a.env"] = "A=1\n", ["missing.env"] = "" }, ignoreOrder: true);
        read.SkippedEnvFiles.ShouldBe(["../up.env", "link.env"]);
    }

    [Theory]
    [InlineData("link.d/compose.yml", "symbolic link")]
    [InlineData("linked/compose.yml", "symbolic link")]
    [InlineData("real/docker-compose.yml", "larger than")]
    [InlineData("real/compose.yaml", "not a regular file")]
    [InlineData("real/docker-compose.yaml", "No such file")]
    [InlineData("real/secret.yml", "only docker-compose.yml")]
    [InlineData("real/../real/compose.yml", "must be absolute")]
    [InlineData(".ssh/compose.yml", "never read")]
    public async Task What_must_not_be_read_is_refused_in_words(string path, string words)
    {
        Write("real/compose.yml", "services: {}");
        Write("real/docker-compose.yml", new string(' ', ComposeFiles.SizeLimit + 1));
        Write("linked/other", "");
        Directory.CreateSymbolicLink(At("link.d"), At("real"));
        File.CreateSymbolicLink(At("linked/compose.yml"), At("real/compose.yml"));
        using var mkfifo = Process.Start("mkfifo", At("real/compose.yaml"));
        await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        var read = ComposeFiles.Read(At(path), Redactor.None);
        read.Success.ShouldBeFalse();
        read.Path.ShouldBe(At(path));
        read.Error.ShouldNotBeNull().ShouldContain(words);
    }

    [Fact]
    public void A_hostile_file_has_no_services_and_costs_nothing()
    {
        ComposeModel.Read(new string('[', 1_000_000)).Services.ShouldBeEmpty();
        ComposeModel.Read("a: &a [x]\n? [*a, *a]\n: 1\nservices: {web: {}}").Services.ShouldBeEmpty();
        ComposeModel.Read("just text").Services.ShouldBeEmpty();
        ComposeModel.Read("").Services.ShouldBeEmpty();
        ComposeModel.Read("x: &x {env_file: a}\nservices: {web: *x, job: {profiles: [p], deploy: {replicas: 3}}}").Services
            .Select(service => (service.Name, service.EnvFiles.Count, service.Profiles.Count, service.Replicas)).ShouldBe([("web", 1, 0, 1), ("job", 0, 1, 3)]);
    }

    private string At(string path) => $"{_folder.Path}/{path}";

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private IReadOnlyList<ComposeFileSummary> Scan(ScanComposeRequest request, IReadOnlyList<string>? roots = null) =>
        new ComposeScan(Gates.NoPolicy, new FakeTimeProvider()).Scan(request, roots ?? [_folder.Path], CancellationToken.None).ComposeFiles;
}
