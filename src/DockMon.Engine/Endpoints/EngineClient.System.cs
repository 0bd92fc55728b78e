namespace DockMon.Engine;

public sealed partial class EngineClient
{
    /// <summary>What the engine says about its host.</summary>
    public Task<EngineInfo> GetInfoAsync(CancellationToken ct) => GetAsync("/info", EngineJson.Default.EngineInfo, ct);

    /// <summary>The engine's own versions.</summary>
    public Task<EngineVersion> GetVersionAsync(CancellationToken ct) => GetAsync("/version", EngineJson.Default.EngineVersion, ct);

    /// <summary>Returns when the engine answered.</summary>
    public Task PingAsync(CancellationToken ct) => CallAsync(EngineRequest.Get("/_ping"), JsonLimits.Document, limit: null, ct);
}
