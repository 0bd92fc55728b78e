namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private static readonly Version OneShot = new(1, 41);

    /// <summary>One sample. From API 1.41 on it comes at once and has no sample before it; older engines need a second for two.</summary>
    public async Task<EngineStats> GetStatsAsync(string id, CancellationToken ct)
    {
        var path = Container(id, "stats") + "?stream=0";
        var version = await GetApiVersionAsync(ct).ConfigureAwait(false);
        return await GetAsync(version >= OneShot ? path + "&one-shot=1" : path, EngineJson.Default.EngineStats, ct).ConfigureAwait(false);
    }
}
