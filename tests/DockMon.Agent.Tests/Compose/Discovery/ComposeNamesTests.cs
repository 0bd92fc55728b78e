using DockMon.Agent.Compose.Discovery;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Discovery;

public sealed class ComposeNamesTests
{
    [Theory]
    [InlineData("/opt/shop", false)]
    [InlineData("/", false)]
    [InlineData("/etcetera", false)]
    [InlineData("/usr/local/etc", false)]
    [InlineData("/srv/etc", false)]
    [InlineData("/etc", true)]
    [InlineData("/etc/shop", true)]
    [InlineData("/usr/lib/x", true)]
    [InlineData("/opt/.git/x", true)]
    [InlineData("/opt/a/node_modules/b", true)]
    [InlineData("/proc/1/root", true)]
    public void Directories_of_the_system_and_of_packages_are_never_entered(string path, bool isForbidden) =>
        ComposeNames.IsForbidden(path).ShouldBe(isForbidden);

    [Theory]
    [InlineData("compose.yaml", true)]
    [InlineData("docker-compose.yml", true)]
    [InlineData("docker-compose.override.yml", false)]
    [InlineData("Compose.yml", false)]
    [InlineData("secrets.yml", false)]
    public void Only_files_with_the_names_of_compose_files_are_read(string name, bool isComposeFile) =>
        ComposeNames.IsComposeFile(name).ShouldBe(isComposeFile);
}
