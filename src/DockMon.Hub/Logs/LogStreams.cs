using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Streams;
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
internal sealed class LogStreams(AgentLogs logs, Presence presence, IHosts hosts, TimeProvider time)
{
    /// <summary>Interval of the check whether a disconnected host still exists, or is connected without that being told.</summary>
    public static readonly TimeSpan HostCheckInterval = TimeSpan.FromSeconds(30);

    public static LogEnd Failed(string error) => new() { StreamId = "", Reason = LogEndReasons.Failed, Error = error };

    /// <summary>
    /// Follows the log of a container. The first chunk is empty: the log is followed. At most <see cref="LogChannel.Credit"/> frames wait for the reader, and
    /// of another hub's agent as many as a <see cref="BusStream"/> may have; the agent waits with the others.
    /// </summary>
    /// <param name="hostId">The host.</param>
    /// <param name="containerId">Id or name of the container.</param>
    /// <param name="query">Which part.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="AgentException">Before the first chunk: the agent is not connected or cannot follow logs.</exception>
    public async IAsyncEnumerable<LogChunk> FollowAsync(
        string hostId, string containerId, LogQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        var (position, skip) = (new LogPosition(), query.Skip);
        var log = await logs.OpenAsync(hostId, Request(containerId, query), ct);
        for (var isFirst = true; ; isFirst = false)
        {
            (bool More, AgentException? Lost) next;
            await using (log)
            {
                if (isFirst)
                {
                    yield return new LogChunk([]);
                }

                await using var frames = log.ReadAllAsync(ct).GetAsyncEnumerator(ct);
                while ((next = await NextAsync(frames)).More)
                {
                    List<LogLine> lines = [.. frames.Current.Lines.Where(position.Add).Where(line => line.Time != query.Since || --skip < 0)];
                    if (lines.Count > 0)
                    {
                        yield return new LogChunk(lines);
                    }
                }
            }

            if (next.Lost is not { Failure: AgentFailure.NotConnected })
            {
                yield return new LogChunk([], End: next.Lost is null ? log.End : Failed(next.Lost.Message));
                yield break;
            }

            yield return new LogChunk([], IsWaiting: true);
            if (await ReopenAsync(hostId, position, containerId, query, ct) is not { } reopened)
            {
                yield return new LogChunk([], End: Failed("the host was removed, or its agent was replaced by one that cannot follow logs"));
                yield break;
            }

            log = reopened;
        }
    }

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
    /// <returns>Whether there is one; if not, why it did not end as it should.</returns>
    private static async Task<(bool More, AgentException? Lost)> NextAsync(IAsyncEnumerator<LogData> frames)
    {
        try
        {
            return (await frames.MoveNextAsync(), null);
        }
        catch (AgentException e)
        {
            return (false, e);
        }
    }

    /// <summary>Continues where the log was when the connection was lost, as soon as the agent is connected again, to whichever hub.</summary>
    /// <returns>Null when that cannot be.</returns>
    private async Task<IAgentLog?> ReopenAsync(string hostId, LogPosition position, string containerId, LogQuery query, CancellationToken ct)
    {
        var connected = NewSignal();
        presence.AgentConnected += OnConnected;
        try
        {
            while (true)
            {
                var next = NewSignal();
                Volatile.Write(ref connected, next);
                try
                {
                    if (await hosts.FindAsync(hostId, ct) is null)
                    {
                        return null;
                    }

                    var last = position.Time;
                    var log = await logs.OpenAsync(hostId, Request(containerId, last is null ? query : query with { Tail = -1, Since = last }), ct);
                    position.Continue();
                    return log;
                }
                catch (Exception e) when (e is DbException or AgentException { Failure: AgentFailure.NotConnected or AgentFailure.Unreachable })
                {
                    // Not yet: the reader was told that the log is waiting.
                }
                catch (AgentException)
                {
                    return null;
                }

                try
                {
                    await next.Task.WaitAsync(HostCheckInterval, time, ct);
                }
                catch (TimeoutException)
                {
                    // Looks whether the host still exists, and whether its agent is connected.
                }
            }
        }
        finally
        {
            presence.AgentConnected -= OnConnected;
        }

        void OnConnected(string? host)
        {
            if (host is null || host == hostId)
            {
                Volatile.Read(ref connected).TrySetResult();
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
