using System.Runtime.CompilerServices;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>A line of a log.</summary>
/// <param name="Time">When it was written, RFC 3339.</param>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>; null when the agent does not say.</param>
/// <param name="Text">The line.</param>
internal sealed record LogLineAnswer(string Time, string? Stream, string Text);

/// <summary>The log of a container of an agent that cannot follow logs: asked for again every second.</summary>
internal sealed class PolledLog(AgentCalls agents, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The lines, in parts as they come.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="containerId">The container.</param>
    /// <param name="query">Which part.</param>
    /// <param name="follow">Whether to go on after what there is; not with a time up to which it is read.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="AgentException">The agent is not connected, or refused.</exception>
    public async IAsyncEnumerable<IReadOnlyList<LogLineAnswer>> ReadAsync(
        string hostId, string containerId, LogQuery query, bool follow, [EnumeratorCancellation] CancellationToken ct)
    {
        var (tail, since) = (query.Tail, query.Since);
        var known = new List<LogLineAnswer>();
        while (true)
        {
            var answer = await agents.OperationAsync(
                hostId,
                new ContainerOperation
                {
                    Action = OperationActions.GetLogs,
                    ContainerId = containerId,
                    Tail = tail,
                    Since = since is null ? null : JsonSerializer.SerializeToElement(since, ApiJson.Default.String),
                },
                ct);
            var lines = Until(query.Until, Split(Text(answer)));

            // The lines of the time that was asked from are known already.
            List<LogLineAnswer> news = [.. lines.Skip(Known(known, lines))];
            if (news.Count > 0)
            {
                yield return news;
                since = news[^1].Time;
                known = lines.FindAll(line => line.Time == since);
                tail = -1;
            }

            if (!follow || query.Until is not null)
            {
                yield break;
            }

            await Task.Delay(Interval, time, ct);
        }
    }

    private static List<LogLineAnswer> Until(string? until, List<LogLineAnswer> lines) =>
        Rfc3339.TryParse(until, out var end) ? lines.FindAll(line => !Rfc3339.TryParse(line.Time, out var time) || time <= end) : lines;

    private static int Known(List<LogLineAnswer> known, List<LogLineAnswer> lines) =>
        known.Count > 0 && lines.Take(known.Count).SequenceEqual(known) ? known.Count : 0;

    private static string Text(JsonElement answer)
    {
        try
        {
            return answer.TryGetProperty("logs", out var logs) ? logs.GetString() ?? "" : "";
        }
        catch (InvalidOperationException e)
        {
            throw new AgentException(AgentFailure.Refused, "the agent's answer is not what the protocol says: " + e.Message);
        }
    }

    private static List<LogLineAnswer> Split(string text) =>
    [
        .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r')).Select(line =>
            line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space
                ? new LogLineAnswer(line[..space], null, line[(space + 1)..]) : new LogLineAnswer(line, null, "")),
    ];
}
