using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    /// <summary>Whether the engine answers.</summary>
    public async Task PingAsync(CancellationToken ct) => (await SendUnversionedAsync(HttpMethod.Get, "/_ping", ct).ConfigureAwait(false)).Dispose();

    /// <summary>What the engine says of itself and its host.</summary>
    public async Task<EngineInfo> GetInfoAsync(CancellationToken ct) => Deserialize(await GetRawAsync("/info", ct).ConfigureAwait(false), EngineJson.Default.EngineInfo);

    /// <summary>The engine's versions.</summary>
    public async Task<EngineVersion> GetVersionAsync(CancellationToken ct) => Deserialize(await GetRawAsync("/version", ct).ConfigureAwait(false), EngineJson.Default.EngineVersion);

    /// <summary>Events until the engine closes the stream.</summary>
    /// <param name="since">Unix seconds with a fraction: also what happened from then on, as far as the engine remembers.</param>
    /// <param name="filters">Docker's filters, such as <c>type</c> to <c>container</c>.</param>
    /// <param name="onConnected">Called once, when the stream is open.</param>
    /// <param name="ct">Ends it.</param>
    public async IAsyncEnumerable<EngineEvent> WatchEventsAsync(
        string? since, IReadOnlyDictionary<string, string[]>? filters, Action? onConnected, [EnumeratorCancellation] CancellationToken ct)
    {
        var query = new StringBuilder("/events?");
        if (since is not null)
        {
            query.Append("since=").Append(Uri.EscapeDataString(since)).Append('&');
        }

        if (filters is not null)
        {
            query.Append("filters=").Append(Uri.EscapeDataString(JsonSerializer.Serialize(filters, EngineJson.Default.IReadOnlyDictionaryStringStringArray)));
        }

        var opened = await OpenStreamAsync(HttpMethod.Get, query.ToString(), default, registryAuth: null, ct).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            onConnected?.Invoke();
            await foreach (var document in JsonDocuments.ReadAsync(opened.Stream, ct).ConfigureAwait(false))
            {
                var message = Deserialize(document.Span, EngineJson.Default.EngineEventMessage);
                if (message.Actor?.Id is { } id)
                {
                    yield return new EngineEvent(message.Type ?? "", message.Action ?? "", id, message.Actor.Attributes ?? [], message.TimeNano);
                }
            }
        }
    }
}
