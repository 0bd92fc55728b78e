using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    // Some engines send the headers together with the first event, which may be hours away.
    private static readonly TimeSpan HeadersGrace = TimeSpan.FromSeconds(5);

    /// <summary>What happens in the engine from now on, or from <paramref name="since"/> (such as "1700000000.000000001").</summary>
    /// <param name="since">Where to begin; null means now.</param>
    /// <param name="filters">The engine's own filters, such as type = container.</param>
    /// <param name="onConnected">Called once, when the engine has taken the request: nothing that happens after is missed.</param>
    /// <param name="ct">Ends the stream.</param>
    /// <returns>The events. Ends when the engine ends the stream; an <see cref="EngineUnavailableException"/> says that it was cut off.</returns>
    public async IAsyncEnumerable<EngineEvent> WatchEventsAsync(
        string? since, IReadOnlyDictionary<string, string[]>? filters, Action? onConnected, [EnumeratorCancellation] CancellationToken ct)
    {
        // There can be no time limit on the headers below, so this is what finds an engine that does not answer.
        await PingAsync(ct).ConfigureAwait(false);
        var request = EngineRequest.Get(EventsPath(since, filters));
        var headers = SendAsync(request, ct);
        try
        {
            await headers.WaitAsync(HeadersGrace, _time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!headers.IsFaulted)
        {
            // The engine has the request and is silent: that counts as connected.
        }

        onConnected?.Invoke();
        using var response = await headers.ConfigureAwait(false);
        using var documents = new JsonDocumentReader(await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false), JsonLimits.Line);
        while (await documents.NextAsync(ct).ConfigureAwait(false))
        {
            ReportCuts(request, documents);
            yield return ReadEvent(request, documents);
        }
    }

    /// <summary>One event that cannot be read must not cost the stream: opened again, it would begin at that very event.</summary>
    private EngineEvent ReadEvent(EngineRequest request, JsonDocumentReader documents)
    {
        try
        {
            return documents.Get(EngineJson.Default.EventBody).ToEvent();
        }
        catch (EngineException e)
        {
            Exceeded?.Invoke(new EngineExcess(request.Name, documents.Length, $"it was passed over: {e.Message}"));
            return new EngineEvent();
        }
    }

    private void ReportCuts(EngineRequest request, JsonDocumentReader documents)
    {
        if (documents.Cuts > 0)
        {
            Exceeded?.Invoke(new EngineExcess(request.Name, documents.Length, "what was too long in it was cut"));
        }
    }

    private static string EventsPath(string? since, IReadOnlyDictionary<string, string[]>? filters)
    {
        var query = new List<string>(2);
        if (!string.IsNullOrEmpty(since))
        {
            query.Add("since=" + Uri.EscapeDataString(EngineTime.ToSeconds(since)));
        }

        if (filters is { Count: > 0 })
        {
            query.Add("filters=" + Filters(filters));
        }

        return query.Count == 0 ? "/events" : "/events?" + string.Join('&', query);
    }

    private static string Filters(IReadOnlyDictionary<string, string[]> filters) =>
        Uri.EscapeDataString(JsonSerializer.Serialize(filters, EngineJson.Default.IReadOnlyDictionaryStringStringArray));
}
