using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Bus;
using DockMon.Hub.History.Live;
using DockMon.Protocol;

namespace DockMon.Hub.History;

/// <summary>
/// Statistics of a host as JSON, of the hub that its agent is connected to: that one has the samples, and the minutes that are not written yet.
/// </summary>
internal sealed class HostStats(LiveSamples samples, HistoryStore store, HistoryQuery history, AgentRegistry agents, Owners owners, HubLink link)
    : IAnswersHubs
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public void Register(HubLink link) => link.Answer(HubMessageKind.Stats, AnswerAsync);

    /// <summary>Reads the newest samples, or a history.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="request">What of the history; null for the newest samples.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <exception cref="AgentException">The other hub cannot be reached.</exception>
    public async Task<byte[]> ReadAsync(string hostId, HistoryRequest? request, CancellationToken ct)
    {
        if (agents.IsConnected(hostId) || !owners.IsConnectedElsewhere(hostId) || owners.Find(hostId) is not { HubId: { } hub })
        {
            return await ReadHereAsync(hostId, request, ct);
        }

        var message = new HubMessage(HubMessageKind.Stats)
        {
            HostId = hostId,
            Data = request is null ? default : JsonSerializer.SerializeToUtf8Bytes(request, HistoryJson.Default.HistoryRequest),
        };
        return await link.AskAsync(hub, message, Limit, ct) switch
        {
            (_, { } answer) => answer.ToArray(),
            (BusOutcome.Answered, _) => await ReadHereAsync(hostId, request, ct), // The agent has just left it.
            _ => throw new AgentException(
                AgentFailure.Unreachable, "the host's agent is connected to another hub, which does not answer now: its statistics are there"),
        };
    }

    private async Task<byte[]?> AnswerAsync(HubMessage message)
    {
        if (message.HostId is not { } hostId || !agents.IsConnected(hostId))
        {
            return null;
        }

        var request = message.Data.IsEmpty ? null : JsonSerializer.Deserialize(message.Data.Span, HistoryJson.Default.HistoryRequest);
        return await ReadHereAsync(hostId, request, CancellationToken.None);
    }

    private async Task<byte[]> ReadHereAsync(string hostId, HistoryRequest? request, CancellationToken ct)
    {
        if (request is null)
        {
            var (own, containers) = samples.Latest(hostId);
            return JsonSerializer.SerializeToUtf8Bytes(
                new StatsAnswer(own, containers, samples.Find(hostId)?.Refused ?? 0), ApiJson.Default.StatsAnswer);
        }

        if (request is { ContainerName: null, From: null, To: null, Step: null })
        {
            return JsonSerializer.SerializeToUtf8Bytes(
                [.. samples.Recent(hostId, request.ContainerId ?? LiveSamples.HostSeries).Select(sample => new HistoryEntry(sample.ReceivedAt, sample.Stats))],
                ApiJson.Default.IReadOnlyListHistoryEntry);
        }

        var series = request switch
        {
            { ContainerName: { } name } => name.TrimStart('/'),
            { ContainerId: { } container } => samples.Find(hostId)?.SeriesOf(container) ?? await store.FindNameAsync(hostId, container, ct) ?? container,
            _ => LiveSamples.HostSeries,
        };
        var answer = await history.ReadAsync(hostId, series, Time(request.From), Time(request.To), request.Step ?? 0, ct);
        return JsonSerializer.SerializeToUtf8Bytes(answer, ApiJson.Default.HistoryAnswer);
    }

    private static DateTimeOffset? Time(string? text) => Rfc3339.TryParse(text ?? "", out var time) ? time : null;
}
