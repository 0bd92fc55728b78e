using System.Text.Json;
using DockMon.Agent.Json;
using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>What shows that the machine or the engine was started anew.</summary>
/// <param name="Boot">What the kernel calls its boot; null where the engine is on another machine.</param>
/// <param name="Engine">When the engine started; null where that does not show.</param>
internal sealed record RunOfHost(string? Boot, string? Engine)
{
    /// <summary>What was restarted since, as the beginning of a sentence; null when nothing shows that anything was.</summary>
    public string? RestartedSince(RunOfHost? earlier) =>
        Differ(earlier?.Boot, Boot) ? "the machine was restarted"
        : Differ(earlier?.Engine, Engine) ? "the engine was restarted"
        : null;

    private static bool Differ(string? earlier, string? now) => earlier is not null && now is not null && earlier != now;
}

/// <summary>Tells whether the machine or the engine was started anew: containers end with either, and that says nothing about them.</summary>
/// <param name="engine">The engine.</param>
/// <param name="bootId">What the kernel calls its boot.</param>
internal sealed class RestartDetector(EngineClient engine, Func<string?> bootId)
{
    /// <summary>Docker makes its default network anew each time it starts, unless its containers outlive that.</summary>
    private const string DefaultNetwork = "bridge";

    /// <summary>The present.</summary>
    /// <exception cref="EngineException">No engine answers.</exception>
    public async Task<RunOfHost> NowAsync(CancellationToken ct) => new(engine.Endpoint.Host is null ? bootId() : null, await EngineStartAsync(ct));

    private async Task<string?> EngineStartAsync(CancellationToken ct)
    {
        try
        {
            using var network = JsonDocument.Parse(await engine.InspectNetworkRawAsync(DefaultNetwork, ct));
            return network.RootElement.FindText("Created");
        }
        catch (EngineException e) when (!RetryingSwap.IsTransient(e))
        {
            return null; // It has none: Podman, or a Docker that was told to make none.
        }
    }
}
