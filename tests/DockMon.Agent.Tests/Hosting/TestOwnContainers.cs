using DockMon.Agent.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;

namespace DockMon.Agent.Tests.Hosting;

/// <summary>What is known of the agent's own container.</summary>
internal static class TestOwnContainers
{
    /// <summary>The agent runs in no container.</summary>
    public static OwnContainer None => Of(null);

    /// <summary>The engine has not answered yet.</summary>
    public static OwnContainer Unknown => new(_ => Task.FromResult<SelfContainer?>(null), TimeProvider.System, NullLogger.Instance);

    /// <summary>The agent runs in this one.</summary>
    public static OwnContainer Of(SelfContainer? self)
    {
        var own = new OwnContainer(_ => Task.FromResult(self), TimeProvider.System, NullLogger.Instance);
        own.LookAsync(CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue();
        return own;
    }
}
