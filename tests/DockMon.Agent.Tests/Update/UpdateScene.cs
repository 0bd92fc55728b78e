using System.Text.Json.Nodes;
using DockMon.Testing;
using Xunit;

namespace DockMon.Agent.Tests.Update;

/// <summary>
/// An engine with two versions of an image, <c>app:1</c> and <c>app:2</c>, and the data folder of the agents that run on it one after the other.
/// </summary>
public abstract class UpdateScene : IAsyncDisposable
{
    private readonly TemporaryFolder _data = new();

    protected UpdateScene()
    {
        Docker.HasImage("app:1", "sha256:old");
        Docker.HasImage("app:2", "sha256:new");
    }

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected string DataPath => _data.Path;

    private protected FakeDocker Docker { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await Docker.DisposeAsync();
        _data.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>An agent that has just started and looked at nothing.</summary>
    private protected FakeAgent NewAgent(string bootId = "boot") => new(Docker, DataPath, bootId);

    /// <summary>An agent that has begun to recover what earlier ones left.</summary>
    private protected FakeAgent RecoveringAgent(string bootId = "boot")
    {
        var agent = NewAgent(bootId);
        agent.Recover();
        return agent;
    }

    /// <summary>HostConfig of a container that is restarted always.</summary>
    private protected static JsonObject RestartedAlways() => new() { ["RestartPolicy"] = new JsonObject { ["Name"] = "always" } };

    /// <summary>HostConfig of a container that shares the network of another one.</summary>
    private protected static JsonObject SharedWith(FakeContainer container) => new() { ["NetworkMode"] = $"container:{container.Id}" };

    /// <summary>Whatever runs under the name "web" and is not the old container ends with exit code 3 as soon as somebody inspects it.</summary>
    private protected void CrashSuccessor(FakeContainer old) => Docker.Before = line =>
    {
        if (line.StartsWith("GET /containers/", StringComparison.Ordinal)
            && Docker.Find("web") is { Status: "running", ImageId: "sha256:new" } successor
            && successor.Id != old.Id)
        {
            (successor.Status, successor.ExitCode) = ("exited", 3);
        }

        return Task.CompletedTask;
    };
}
