using System.Runtime.CompilerServices;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private static readonly Version OneShot = new(1, 41);

    /// <summary>A sample about every second until the container is removed.</summary>
    public async IAsyncEnumerable<EngineStats> WatchStatsAsync(string id, [EnumeratorCancellation] CancellationToken ct)
    {
        using var response = await OpenAsync(EngineRequest.Get(Container(id, "stats") + "?stream=1"), ct).ConfigureAwait(false);
        using var documents = new JsonDocumentReader(await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false));
        while (await documents.ReadAsync(EngineJson.Default.EngineStats, ct).ConfigureAwait(false) is { } stats)
        {
            yield return stats;
        }
    }

    /// <summary>One sample. From API 1.41 on it comes at once and has no sample before it; older engines need a second for two.</summary>
    public async Task<EngineStats> GetStatsAsync(string id, CancellationToken ct)
    {
        var path = Container(id, "stats") + "?stream=0";
        var version = await GetApiVersionAsync(ct).ConfigureAwait(false);
        return await GetAsync(version >= OneShot ? path + "&one-shot=1" : path, EngineJson.Default.EngineStats, ct).ConfigureAwait(false);
    }
}
