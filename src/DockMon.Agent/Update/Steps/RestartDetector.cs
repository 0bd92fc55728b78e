using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>The run of the machine and of the engine: either changes with a restart.</summary>
/// <param name="Boot">The kernel's id of its boot; null if the engine is on another machine.</param>
/// <param name="Engine">When the engine started; null if it does not tell.</param>
internal sealed record RunOfHost(string? Boot, string? Engine)
{
    /// <summary>What was restarted since, as the beginning of a sentence; null if no restart shows.</summary>
    public string? RestartedSince(RunOfHost? earlier) =>
        Differ(earlier?.Boot, Boot) ? "the machine was restarted"
        : Differ(earlier?.Engine, Engine) ? "the engine was restarted"
        : null;

    private static bool Differ(string? earlier, string? now) => earlier is not null && now is not null && earlier != now;
}

/// <summary>Detects restarts of the machine and of the engine: containers end with either, which says nothing about them.</summary>
/// <param name="engine">The engine.</param>
/// <param name="bootId">Reads the kernel's id of its boot.</param>
internal sealed class RestartDetector(EngineClient engine, Func<string?> bootId)
{
    /// <summary>Docker creates its default network each time it starts, unless its containers keep running meanwhile (live restore).</summary>
    private const string DefaultNetwork = "bridge";

    /// <summary>The current run.</summary>
    /// <exception cref="EngineException">No engine answers.</exception>
    public async Task<RunOfHost> NowAsync(CancellationToken ct) => new(engine.Endpoint.Host is null ? bootId() : null, await EngineStartAsync(ct));

    private async Task<string?> EngineStartAsync(CancellationToken ct)
    {
        try
        {
            return (await engine.InspectNetworkAsync(DefaultNetwork, ct)).Created is { Length: > 0 } created ? created : null;
        }
        catch (EngineException e) when (!RetryingSwap.IsTransient(e))
        {
            return null; // It has no such network: Podman, or a Docker that was configured without one.
        }
    }
}
