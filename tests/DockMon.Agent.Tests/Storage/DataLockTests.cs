using DockMon.Agent.Configuration;
using DockMon.Agent.Storage;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Storage;

public sealed class DataLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_second_agent_is_refused_until_the_first_has_ended()
    {
        using (DataLock.Take(_folder.Path))
        {
            Should.Throw<ConfigurationException>(() => DataLock.Take(_folder.Path)).Message.ShouldContain("another agent that runs already has the data");
        }

        DataLock.Take(_folder.Path).Dispose();
    }

    [Theory]
    [InlineData("/nowhere/at/all")]
    [InlineData("/proc")]
    public void Where_nothing_can_be_written_nobody_is_kept_away(string path)
    {
        DataLock.Take(path).Dispose();
        DataLock.Take(path).Dispose();
    }
}
