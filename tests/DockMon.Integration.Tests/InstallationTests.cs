using DockMon.Testing;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Tests of an agent and a hub on this machine's engine: both are new for each test, and its containers go with it.</summary>
/// <param name="prefix">What the names of its containers begin with.</param>
public abstract class InstallationTests(string prefix) : IAsyncLifetime
{
    protected static DockerCli Docker { get; } = new();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected TestContainers Containers { get; } = new(Docker, prefix);

    private protected Installation Installation { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Installation = await Integration.Tests.Installation.StartAsync(Token);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Containers.DisposeAsync();
        await Installation.DisposeAsync();
    }
}
