using System.Collections.Concurrent;
using System.Text.Json;
using DockMon.Hub.Access;
using DockMon.Hub.Agents;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Bus;

/// <summary>
/// Requests to agents, whichever hub they are connected to. A request belongs to the host, not to the connection: an agent that lost its connection
/// answers on its next one, to whichever hub, which passes the answer on to the one that waits.
/// </summary>
internal sealed class AgentRequests
{
    /// <summary>Maximum time that another hub takes to queue a frame.</summary>
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly AgentRegistry _agents;
    private readonly HubLink _link;
    private readonly HubIdentity _self;
    private readonly Owners _owners;
    private readonly Presence _presence;
    private readonly HostQuotas _quotas;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, (string HostId, TaskCompletionSource<Frame> Answer)> _pending = new(StringComparer.Ordinal);

    public AgentRequests(AgentRegistry agents, HubLink link, HubIdentity self, Owners owners, Presence presence, HostQuotas quotas, TimeProvider time)
    {
        (_agents, _link, _self, _owners, _presence, _quotas, _time) = (agents, link, self, owners, presence, quotas, time);
        agents.Removed += OnRemoved;
        link.Serve(HubMessageKind.Deliver, message => Task.FromResult(TakeDelivery(message)));
        link.Serve(HubMessageKind.Answer, message => Task.FromResult(TakeAnswer(message)));
    }

    /// <summary>Sends a request to an agent and waits for the answer.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="type"><see cref="FrameTypes.Command"/> or <see cref="FrameTypes.ContainerOperation"/>.</param>
    /// <param name="command">The command's name; null for an operation.</param>
    /// <param name="payload">One JSON value, or empty.</param>
    /// <param name="limit">Timeout.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="AgentException">The request failed.</exception>
    public async Task<Frame> AskAsync(string hostId, string type, string? command, ReadOnlyMemory<byte> payload, TimeSpan limit, CancellationToken ct)
    {
        var id = _self.NewRequestId();
        var answer = new TaskCompletionSource<Frame>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isRead = CommandRoles.OnlyReads(command, payload.Span);
        var quota = _quotas.Of(hostId);
        quota.BeginRequest();
        _pending[id] = (hostId, answer);
        using var late = new CancellationTokenSource(limit, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            var bytes = FrameWriter.Request(type, command, payload.Span, id);
            var session = await DeliverAsync(hostId, bytes, ended.Token);
            while (isRead && !_self.IsAlone && await Task.WhenAny(answer.Task, _owners.NextAsync(hostId, session, ended.Token)) != answer.Task)
            {
                // Lost with the connection, perhaps.
                ended.Token.ThrowIfCancellationRequested();
                session = await DeliverAsync(hostId, bytes, ended.Token);
            }

            var frame = await answer.Task.WaitAsync(ended.Token);
            return frame.Error is null && frame.Success != false ? frame
                : throw new AgentException(AgentFailure.Refused, frame.Error ?? "the agent gave no reason");
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new AgentException(
                AgentFailure.TimedOut,
                $"the agent did not answer within {limit.TotalSeconds:0} s (timeout)"
                    + (isRead ? "" : ": what it was asked for may have been done, or may still be"));
        }
        finally
        {
            _pending.TryRemove(id, out _);
            quota.EndRequest();
        }
    }

    /// <summary>
    /// Takes an agent's answer. Late and repeated answers are ignored, and so are answers to requests of another host.
    /// </summary>
    /// <param name="hostId">The agent's host.</param>
    /// <param name="id">Id of the request.</param>
    /// <param name="frame">The answer.</param>
    /// <param name="utf8">The frame as the agent sent it.</param>
    /// <param name="ct">Cancels passing it on.</param>
    public async ValueTask AnsweredAsync(string hostId, string id, Frame frame, ReadOnlyMemory<byte> utf8, CancellationToken ct)
    {
        if (_self.OtherHub(id) is { } hub)
        {
            await _link.TellAsync(hub, new HubMessage(HubMessageKind.Answer) { HostId = hostId, Name = id, Data = utf8 }, ct);
        }
        else if (_pending.TryGetValue(id, out var asked) && asked.HostId == hostId)
        {
            // The result of an operation is the whole frame.
            asked.Answer.TrySetResult(frame.Type is null ? frame with { Payload = JsonElement.Parse(utf8.Span) } : frame);
        }
    }

    /// <summary>
    /// Has a frame sent to a host's agent, once. Waits for an agent whose hub went away a moment ago.
    /// </summary>
    /// <returns>The session it was sent to, or perhaps was.</returns>
    /// <exception cref="AgentException">It was not sent.</exception>
    public async Task<AgentSessionRecord?> DeliverAsync(string hostId, byte[] frame, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(Owners.ComeBack, _time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        while (true)
        {
            var session = _owners.Find(hostId);
            if (_agents.Find(hostId) is { IsEnded: false } own)
            {
                own.Send(frame);
                return session;
            }

            if (session?.HubId is { } hub && hub != _self.Id)
            {
                var message = new HubMessage(HubMessageKind.Deliver) { HostId = hostId, SessionId = session.SessionId, Data = frame };
                var (outcome, done) = await _link.RequestAsync(hub, message, DeliveryLimit, ct);
                if (done || outcome == BusOutcome.Unknown)
                {
                    return session;
                }

                if (outcome == BusOutcome.Down)
                {
                    throw new AgentException(
                        AgentFailure.Unreachable, "the host's agent is connected to another hub, which cannot be reached now: NATS is down");
                }

                // Nobody got it: the hub is gone, or the agent is not connected to it any more.
                await _presence.RefreshAsync(hostId, ct);
            }
            else if (!_owners.MayComeBack(hostId))
            {
                throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected");
            }

            try
            {
                // Again after a moment in any case: its new session may be stored and not be told yet.
                await Task.WhenAny(_owners.NextAsync(hostId, session, patience.Token), Task.Delay(Pause, _time, patience.Token));
                patience.Token.ThrowIfCancellationRequested();
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                throw new AgentException(
                    AgentFailure.NotConnected, $"the host's agent lost its hub, and was not back within {Owners.ComeBack.TotalSeconds:0} s: nothing was done");
            }
        }
    }

    private bool TakeDelivery(HubMessage message)
    {
        if (message.HostId is not { } host || _agents.Find(host) is not { } session || session.Id != message.SessionId)
        {
            return false;
        }

        try
        {
            session.Send(message.Data.ToArray());
            return true;
        }
        catch (AgentException)
        {
            // Its connection has just ended.
            return false;
        }
    }

    private bool TakeAnswer(HubMessage message)
    {
        if (message.HostId is not { } host || message.Name is not { } id || !_pending.TryGetValue(id, out var asked) || asked.HostId != host)
        {
            return false;
        }

        try
        {
            var frame = Frame.Parse(message.Data.Span);
            return asked.Answer.TrySetResult(frame.Type is null ? frame with { Payload = JsonElement.Parse(message.Data.Span) } : frame);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void OnRemoved(string hostId)
    {
        foreach (var (_, (asked, answer)) in _pending)
        {
            if (asked == hostId)
            {
                answer.TrySetException(new AgentException(AgentFailure.NotConnected, "the host was removed"));
            }
        }
    }
}
