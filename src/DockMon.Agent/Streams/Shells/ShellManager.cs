using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Shells;

/// <summary>The shells that are open. They belong to the connection they were asked for on and end with it.</summary>
internal sealed partial class ShellManager(
    EngineClient engine,
    RequestGate gate,
    Outbound outbound,
    RequestAudit audit,
    TimeProvider time,
    ILogger<ShellManager> logger)
{
    /// <summary>Most shells at once; one that is being cleaned up counts.</summary>
    public const int Limit = 20;

    private static readonly TimeSpan LastWordLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Shell Shell, Task Running)> _sessions = new(StringComparer.Ordinal);
    private bool _stopping;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count;
            }
        }
    }

    public void AddTo(Routes routes) => routes.Messages[FrameTypes.ShellSession] = HandleFrame;

    /// <summary>Takes one message of the server; returns at once.</summary>
    /// <exception cref="CommandException">It cannot be done; only the log has to know.</exception>
    public void HandleFrame(JsonElement payload)
    {
        var message = Route.Read(payload, ProtocolJson.Default.ShellSession);
        if (string.IsNullOrEmpty(message.SessionId))
        {
            throw new CommandException("session_id is missing");
        }

        switch (message.Action)
        {
            case "start":
                Start(message.SessionId, message.ContainerId);
                break;
            case "data":
                Find(message.SessionId).Write(Decode(message.Data));
                break;
            case "resize" when message is { Cols: > 0 and <= ushort.MaxValue, Rows: > 0 and <= ushort.MaxValue }:
                Find(message.SessionId).Resize(message.Cols.Value, message.Rows.Value);
                break;
            case "resize":
                throw new CommandException($"{message.Cols} columns and {message.Rows} rows are no size of a terminal");
            case "close":
                Find(message.SessionId).End(null);
                break;
            default:
                throw new CommandException($"unknown action: {message.Action ?? "(none)"}");
        }
    }

    /// <summary>The connection is gone, and with it whoever typed.</summary>
    public void ConnectionLost()
    {
        foreach (var (shell, _) in Snapshot())
        {
            shell.Abandon();
        }

        outbound.DropStreams();
    }

    /// <summary>Ends those that another policy does not allow, and gives them time to say why before the connection may be another one.</summary>
    public async Task RecheckAsync(CancellationToken ct)
    {
        var ended = new List<Task>();
        foreach (var (shell, running) in Snapshot())
        {
            if ((await JudgeAsync(shell, ct)).Refusal is { } refusal)
            {
                shell.End(refusal);
                ended.Add(running);
            }
        }

        try
        {
            await Task.WhenAll(ended).WaitAsync(LastWordLimit, time, ct);
        }
        catch (TimeoutException)
        {
            Log.Left(logger, ended.Count(running => !running.IsCompleted));
        }
    }

    /// <summary>
    /// No new ones; those that run are ended, and told so if that goes within <paramref name="limit"/>. One that hangs in the engine after that, and a
    /// little longer, is left: the agent has to say goodbye to the server before its supervisor loses patience.
    /// </summary>
    public async Task FinishAsync(TimeSpan limit)
    {
        lock (_gate)
        {
            _stopping = true;
        }

        var open = Snapshot();
        foreach (var (shell, _) in open)
        {
            shell.End("the agent is stopping");
        }

        var ended = Task.WhenAll(open.Select(session => session.Running));
        try
        {
            await ended.WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            ConnectionLost();
            await LeaveAsync(ended);
        }
    }

    private async Task LeaveAsync(Task ended)
    {
        try
        {
            await ended.WaitAsync(RequestRunner.Grace, time);
        }
        catch (TimeoutException)
        {
            Log.Left(logger, Count);
        }
    }

    private void Start(string sessionId, string? containerId)
    {
        if (string.IsNullOrEmpty(containerId))
        {
            Refuse(sessionId, "container_id is missing");
            return;
        }

        string? refusal = null;
        lock (_gate)
        {
            if (_sessions.ContainsKey(sessionId))
            {
                // Only logged: an error event would look like the end of the one that runs.
                throw new CommandException($"session {sessionId} is there already");
            }

            if (_stopping || _sessions.Count >= Limit)
            {
                refusal = _stopping ? "the agent is stopping" : $"{Limit} shells are open on this host already";
            }
            else
            {
                var shell = new Shell(sessionId, containerId, engine, outbound, audit, time, logger);
                _sessions.Add(sessionId, (shell, Task.Run(() => RunAsync(sessionId, shell))));
            }
        }

        if (refusal is not null)
        {
            Refuse(sessionId, refusal);
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "An unforeseen failure is the end of one shell, not of the agent.")]
    private async Task RunAsync(string sessionId, Shell shell)
    {
        try
        {
            var (container, refusal) = await JudgeAsync(shell, CancellationToken.None);
            if (refusal is not null)
            {
                Refuse(sessionId, refusal);
                return;
            }

            await shell.RunAsync(container ?? MissingContainer.NewId());
        }
        catch (Exception e)
        {
            Log.Failed(logger, e, sessionId);
            Refuse(sessionId, $"internal error: {e.Message}");
        }
        finally
        {
            lock (_gate)
            {
                _sessions.Remove(sessionId);
            }
        }
    }

    /// <returns>
    /// The container, null when there is none; and why the policy does not allow it, null when it does. Where the engine does not say which container it is,
    /// it is not allowed either.
    /// </returns>
    private async Task<(string? Container, string? Refusal)> JudgeAsync(Shell shell, CancellationToken ct)
    {
        try
        {
            return (await gate.EnsureAllowedAsync(HostActions.Shell, Subject.OfContainer(shell.JudgedId ?? shell.ContainerId), ct), null);
        }
        catch (Exception e) when (e is CommandException or EngineException)
        {
            return (null, e.Message);
        }
    }

    // An event, because the read loop cannot wait for room among the shells' frames.
    private void Refuse(string sessionId, string reason) => outbound.PostEvent(FrameWriter.Event(
        EventNames.ShellData,
        new ShellData { SessionId = sessionId, Action = "error", Error = ShellReason.NotStarted(reason) },
        ProtocolJson.Default.ShellData,
        time.GetUtcNow()));

    private Shell Find(string sessionId)
    {
        lock (_gate)
        {
            return _sessions.TryGetValue(sessionId, out var session) ? session.Shell : throw new CommandException($"there is no session {sessionId}");
        }
    }

    private (Shell Shell, Task Running)[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _sessions.Values];
        }
    }

    private static byte[] Decode(string? data)
    {
        try
        {
            return Convert.FromBase64String(data ?? "");
        }
        catch (FormatException)
        {
            throw new CommandException("data is not base64");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(604, LogLevel.Error, "Shell {Session} failed")]
        public static partial void Failed(ILogger logger, Exception exception, string session);

        [LoggerMessage(606, LogLevel.Warning, "{Count} shells do not end, because the engine does not answer; they are left")]
        public static partial void Left(ILogger logger, int count);
    }
}
