using DockMon.Agent.Hosting;
using DockMon.Engine;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;

namespace DockMon.Agent.Tests.Hosting;

/// <summary>What is known of the agent's own container.</summary>
internal static class TestOwnContainers
{
    /// <summary>The agent runs in no container.</summary>
    public static OwnContainer None => Of(null);

    /// <summary>The engine has not answered yet.</summary>
    public static OwnContainer Unknown => Create(null, null);

    /// <summary>The agent runs in this one.</summary>
    /// <param name="self">The container; null when it runs in none.</param>
    /// <param name="engine">Says which container is meant by a name; needed where the agent runs in one.</param>
    public static OwnContainer Of(SelfContainer? self, EngineClient? engine = null)
    {
        var own = Create(self, engine);
        own.LookAsync(CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue();
        return own;
    }

    private static OwnContainer Create(SelfContainer? self, EngineClient? engine) =>
        new(engine!, _ => Task.FromResult(self), TimeProvider.System, NullLogger.Instance);
}
