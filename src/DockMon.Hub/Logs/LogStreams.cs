using System.Runtime.CompilerServices;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>Which part of a log to follow.</summary>
/// <param name="Tail">Number of lines to begin with; negative for all. Null for 100, or with <paramref name="Since"/> for all since then.</param>
/// <param name="Since">Time of the first line: RFC 3339 or Unix seconds.</param>
/// <param name="Skip">Number of lines with exactly that time that are known already.</param>
/// <param name="Until">Time up to which the log is read, in the same forms; it is not followed then.</param>
internal sealed record LogQuery(int? Tail = null, string? Since = null, int Skip = 0, string? Until = null);

/// <summary>What happens to a followed log.</summary>
/// <param name="Lines">New lines.</param>
/// <param name="IsWaiting">Whether the agent is disconnected now. The log goes on when it is back.</param>
/// <param name="End">How the log ended; the last one.</param>
internal sealed record LogChunk(IReadOnlyList<LogLine> Lines, bool IsWaiting = false, LogEnd? End = null);

/// <summary>Follows logs of containers, over restarts of the container and outages of the agent's connection, without a line lost or twice.</summary>
internal sealed class LogStreams(AgentRegistry agents, IHosts hosts, TimeProvider time)
{
    /// <summary>Interval of the check whether a disconnected host still exists.</summary>
    public static readonly TimeSpan HostCheckInterval = TimeSpan.FromSeconds(30);

    /// <summary>Follows the log of a container. At most <see cref="LogChannel.Credit"/> frames wait for the reader; the agent waits with the others.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="containerId">Id or name of the container.</param>
    /// <param name="query">Which part.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="AgentException">Before the first chunk: the agent is not connected or cannot follow logs.</exception>
    public async IAsyncEnumerable<LogChunk> FollowAsync(
        string hostId, string containerId, LogQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        var (position, skip) = (new LogPosition(), query.Skip);
        var session = agents.Get(hostId);
        var channel = session.Logs.Open(Request(containerId, query));
        while (true)
        {
            AgentException? lost;
            using (channel)
            {
                while ((lost = await WaitAsync(channel, ct)) is null && channel.TryRead(out var data))
                {
                    List<LogLine> lines = [.. data.Lines.Where(position.Add).Where(line => line.Time != query.Since || --skip < 0)];
                    if (lines.Count > 0)
                    {
                        yield return new LogChunk(lines);
                    }
                }
            }

            if (lost is not { Failure: AgentFailure.NotConnected })
            {
                yield return new LogChunk([], End: lost is null ? channel.End : Failed(lost.Message));
                yield break;
            }

            yield return new LogChunk([], IsWaiting: true);
            if (await ReopenAsync(session, position, containerId, query, ct) is not var (next, reopened))
            {
                yield return new LogChunk([], End: Failed("the host was removed, or its agent was replaced by one that cannot follow logs"));
                yield break;
            }

            (session, channel) = (next, reopened);
        }
    }

    private static LogEnd Failed(string error) => new() { StreamId = "", Reason = LogEndReasons.Failed, Error = error };

    private static LogStreamRequest Request(string containerId, LogQuery query) => new()
    {
        ContainerId = containerId,
        Tail = query.Tail,
        Since = Time(query.Since),
        Until = Time(query.Until),
    };

    private static JsonElement? Time(string? time) =>
        time is null ? null : JsonElement.Parse(JsonSerializer.Serialize(time, LogJson.Default.String));

    /// <summary>Waits for the next frame, or the end.</summary>
    /// <returns>Why it did not end as it should; null when it did, or there is a frame.</returns>
    private static async Task<AgentException?> WaitAsync(LogChannel channel, CancellationToken ct)
    {
        try
        {
            await channel.WaitAsync(ct);
            return null;
        }
        catch (AgentException e)
        {
            return e;
        }
    }

    /// <summary>Continues where the log was when the connection was lost.</summary>
    /// <returns>Null when that cannot be.</returns>
    private async Task<(AgentSession Session, LogChannel Channel)?> ReopenAsync(
        AgentSession lost, LogPosition position, string containerId, LogQuery query, CancellationToken ct)
    {
        while (await WhenConnectedAsync(lost, ct) is { } session)
        {
            try
            {
                var last = position.Time;
                var channel = session.Logs.Open(Request(containerId, last is null ? query : query with { Tail = -1, Since = last }));
                position.Continue();
                return (session, channel);
            }
            catch (AgentException e) when (e.Failure == AgentFailure.NotConnected)
            {
                lost = session;
            }
            catch (AgentException)
            {
                return null;
            }
        }

        return null;
    }

    /// <returns>The host's next session; null when the host was removed.</returns>
    private async Task<AgentSession?> WhenConnectedAsync(AgentSession lost, CancellationToken ct)
    {
        var hostId = lost.Host.Id;
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        agents.Connected += OnConnected;
        try
        {
            while (true)
            {
                if (agents.Find(hostId) is { } session && session != lost)
                {
                    return session;
                }

                if (await hosts.FindAsync(hostId, ct) is null)
                {
                    return null;
                }

                try
                {
                    await connected.Task.WaitAsync(HostCheckInterval, time, ct);
                }
                catch (TimeoutException)
                {
                    // Checks whether the host still exists.
                }
            }
        }
        finally
        {
            agents.Connected -= OnConnected;
        }

        void OnConnected(AgentSession session)
        {
            if (session.Host.Id == hostId)
            {
                connected.TrySetResult();
            }
        }
    }
}
