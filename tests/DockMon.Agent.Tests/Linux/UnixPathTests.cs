using DockMon.Agent.Linux;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Linux;

public sealed class UnixPathTests
{
    [Theory]
    [InlineData("/srv/a", "/srv", true)]
    [InlineData("/srv/a", "/srv/", true)]
    [InlineData("/srv", "/srv", true)]
    [InlineData("/srv", "/", true)]
    [InlineData("/", "/", true)]
    [InlineData("/srvx", "/srv", false)]
    [InlineData("/srv", "/srv/a", false)]
    [InlineData("/SRV/a", "/srv", false)]
    public void A_path_lies_in_a_directory_or_it_does_not(string path, string folder, bool isWithin) =>
        UnixPath.IsWithin(path, folder).ShouldBe(isWithin);
}
