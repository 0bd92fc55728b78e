using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Streams.Events;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Logs;

/// <summary>
/// The logs that are followed for a server (<see cref="ExtensionNames.LogStream"/>). They belong to the connection they were asked for on and end with it: the
/// server asks again from the last line that it has.
/// </summary>
internal sealed partial class LogStreams(
    EngineClient engine, RequestGate gate, ContainerTracker tracker, Outbound outbound, TimeProvider time, ILogger<LogStreams> logger)
{
    /// <summary>Most streams at once.</summary>
    public const int Limit = 32;

    /// <summary>Most streams of one container.</summary>
    public const int ContainerLimit = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (LogStream Stream, Task Running)> _streams = new(StringComparer.Ordinal);
    private bool _stopping;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _streams.Count;
            }
        }
    }

    public void AddTo(Routes routes)
    {
        routes.Messages[FrameTypes.LogStream] = HandleFrame;
        tracker.Started += container =>
        {
            foreach (var (stream, _) in Snapshot())
            {
                stream.ContainerStarted(container.Id);
            }
        };
    }

    /// <summary>Takes one message of the server; returns at once.</summary>
    /// <exception cref="CommandException">It cannot be done; only the log has to know.</exception>
    public void HandleFrame(JsonElement payload)
    {
        var message = Route.Read(payload, ProtocolJson.Default.LogStreamRequest);
        if (string.IsNullOrEmpty(message.StreamId))
        {
            throw new CommandException("stream_id is missing");
        }

        switch (message.Action)
        {
            case "start":
                Start(message);
                break;
            case "credit" when message.Credit is > 0:
                Find(message.StreamId)?.AddCredit(message.Credit.Value);
                break;
            case "credit":
                throw new CommandException("credit must be a number of frames above 0");
            case "stop":
                Find(message.StreamId)?.End(LogEndReasons.Stopped);
                break;
            default:
                throw new CommandException($"unknown action: {message.Action ?? "(none)"}");
        }
    }

    /// <summary>The connection is gone, and with it whoever reads.</summary>
    public void ConnectionLost()
    {
        foreach (var (stream, _) in Snapshot())
        {
            stream.Abandon();
        }

        outbound.DropStreams();
    }

    /// <summary>Ends those that another policy does not allow. Where the engine does not say which container it is, it is not allowed either.</summary>
    public async Task RecheckAsync(CancellationToken ct)
    {
        foreach (var (stream, _) in Snapshot())
        {
            try
            {
                await JudgeAsync(stream, ct);
            }
            catch (CommandException e)
            {
                stream.End(LogEndReasons.Refused, e.Message);
            }
            catch (EngineException e)
            {
                // One that is hidden now is gone for the server.
                stream.End(e.IsMissing ? LogEndReasons.Removed : LogEndReasons.Failed, e.IsMissing ? null : e.Message);
            }
        }
    }

    /// <summary>No new ones; those that run are ended and told so, as far as that goes within <paramref name="limit"/>.</summary>
    public async Task FinishAsync(TimeSpan limit)
    {
        lock (_gate)
        {
            _stopping = true;
        }

        var open = Snapshot();
        foreach (var (stream, _) in open)
        {
            stream.End(LogEndReasons.Failed, "the agent is stopping");
        }

        try
        {
            await Task.WhenAll(open.Select(stream => stream.Running)).WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            Log.Left(logger, Count);
        }
    }

    private void Start(LogStreamRequest request)
    {
        string? refusal;
        lock (_gate)
        {
            if (_streams.ContainsKey(request.StreamId!))
            {
                throw new CommandException($"stream {request.StreamId} is there already");
            }

            refusal = string.IsNullOrWhiteSpace(request.ContainerId) ? "container_id is missing"
                : _stopping ? "the agent is stopping"
                : _streams.Count >= Limit ? $"{Limit} logs of this host are followed already"
                : _streams.Values.Count(open => open.Stream.ContainerId == request.ContainerId) >= ContainerLimit
                    ? $"the log of this container is followed {ContainerLimit} times already"
                : null;
            if (refusal is null)
            {
                var stream = new LogStream(request, engine, outbound, time);
                _streams.Add(request.StreamId!, (stream, Task.Run(() => RunAsync(request.StreamId!, stream))));
            }
        }

        if (refusal is not null)
        {
            // An event, because the read loop cannot wait for room among the frames of streams.
            var end = new LogEnd { StreamId = request.StreamId!, Reason = LogEndReasons.Refused, Error = refusal };
            outbound.PostEvent(FrameWriter.Event(EventNames.LogEnd, end, ProtocolJson.Default.LogEnd, time.GetUtcNow()));
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "An unforeseen failure is the end of one stream, not of the agent.")]
    private async Task RunAsync(string id, LogStream stream)
    {
        LogEnd end;
        try
        {
            end = await FollowAsync(await JudgeAsync(stream, CancellationToken.None) ?? MissingContainer.NewId(), stream);
        }
        catch (CommandException e)
        {
            end = stream.EndOf(LogEndReasons.Refused, e.Message);
        }
        catch (EngineException e)
        {
            end = stream.EndOf(LogEndReasons.Failed, e.Message);
        }
        catch (Exception e)
        {
            Log.Failed(logger, e, id);
            end = stream.EndOf(LogEndReasons.Failed, $"internal error: {e.Message}");
        }

        await stream.TellAsync(end);
        lock (_gate)
        {
            _streams.Remove(id);
        }

        stream.Dispose();
    }

    private Task<LogEnd> FollowAsync(string container, LogStream stream) => JudgedContainer.RunAsync(
        container,
        stream.ContainerId,
        // Where the policy goes by no container, what was judged is the reference: events tell of ids.
        async () => await stream.RunAsync((await engine.InspectContainerAsync(container, CancellationToken.None)).Id));

    /// <summary>Whether the log may be read. Reading it is one action, whether it is followed or not.</summary>
    /// <returns>The container; null when there is none.</returns>
    /// <exception cref="CommandException">The policy refuses it.</exception>
    /// <exception cref="EngineException">The container is hidden, or the engine does not tell which is meant.</exception>
    private Task<string?> JudgeAsync(LogStream stream, CancellationToken ct) =>
        gate.EnsureAllowedAsync(OperationActions.GetLogs, Subject.OfContainer(stream.JudgedId ?? stream.ContainerId), ct);

    private LogStream? Find(string id)
    {
        lock (_gate)
        {
            // It may have ended while the message was on its way.
            return _streams.TryGetValue(id, out var open) ? open.Stream : null;
        }
    }

    private (LogStream Stream, Task Running)[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _streams.Values];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(608, LogLevel.Error, "Following the log for stream {Stream} failed")]
        public static partial void Failed(ILogger logger, Exception exception, string stream);

        [LoggerMessage(609, LogLevel.Warning, "{Count} logs are still followed, because the engine does not answer; they are left")]
        public static partial void Left(ILogger logger, int count);
    }
}
