using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.Json;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Bus;

/// <summary>
/// Requests to agents, whichever hub they are connected to. A request belongs to the host, not to the connection: an agent that lost its connection
/// answers on its next one, to whichever hub, which passes the answer on to the one that waits. What may have been lost with the connection is asked again
/// on the next one, if that does no harm: it only reads, or the agent remembers what it was asked (<see cref="ExtensionNames.CommandIds"/>).
/// </summary>
internal sealed class AgentRequests
{
    /// <summary>Maximum number of times that a request is sent.</summary>
    public const int MostSends = 10;

    /// <summary>Maximum time that another hub takes to queue a frame.</summary>
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly AgentRegistry _agents;
    private readonly HubLink _link;
    private readonly HubIdentity _self;
    private readonly Owners _owners;
    private readonly Presence _presence;
    private readonly HostQuotas _quotas;
    private readonly IHosts _hosts;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, (string HostId, TaskCompletionSource<Frame> Answer)> _pending = new(StringComparer.Ordinal);
    private int _gaps;

    // It connects those who ask with all that knows where an agent is.
    public AgentRequests(
        AgentRegistry agents, HubLink link, HubIdentity self, Owners owners, Presence presence, HostQuotas quotas, IHosts hosts, TimeProvider time)
    {
        (_agents, _link, _self, _owners, _presence, _quotas, _hosts, _time) = (agents, link, self, owners, presence, quotas, hosts, time);
        agents.Removed += OnRemoved;
        link.Changed += OnBusChanged;
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
            var frame = await AnswerOfAsync(answer.Task, hostId, FrameWriter.Request(type, command, payload.Span, id), isRead, ended.Token);
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

    /// <summary>Sends a request, again on each new connection where it may be, and waits for the answer.</summary>
    private async Task<Frame> AnswerOfAsync(Task<Frame> answer, string hostId, byte[] request, bool isRead, CancellationToken ct)
    {
        var last = await DeliverAsync(hostId, request, isRead, isRepeat: false, ct);
        for (var sent = 1; last.MayRepeat && sent < MostSends && !await IsAnsweredAsync(answer, hostId, last, ct);)
        {
            var known = _owners.Version;
            try
            {
                last = await DeliverAsync(hostId, request, isRead, isRepeat: true, ct);
                sent++;
            }
            catch (AgentException e) when (e.Failure is AgentFailure.NotConnected or AgentFailure.Unreachable)
            {
                // The first one may have been done all the same: only its answer tells, or the limit.
                await PauseAsync(() => _owners.Version != known, ct);
            }
        }

        return await answer.WaitAsync(ct);
    }

    /// <returns>Whether it was answered; false when the answer may have been lost, and the agent can be asked again.</returns>
    private async Task<bool> IsAnsweredAsync(Task answer, string hostId, Delivery last, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var first = await Task.WhenAny(answer, _owners.UntilAsync(() => CanAskAgain(hostId, last), over.Token));
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
        return first == answer;
    }

    private bool CanAskAgain(string hostId, Delivery last) => _agents.Find(hostId) is { IsEnded: false } own ? own.Id != last.SessionId
        : _owners.Find(hostId) is { HubId: { } hub } session && hub != _self.Id
            && (session.SessionId != last.SessionId || Volatile.Read(ref _gaps) != last.Gaps);

    /// <summary>
    /// Has a frame sent to a host's agent, once. Waits for an agent whose hub went away a moment ago.
    /// </summary>
    /// <returns>The session it was sent to, or perhaps was. A repeat is not sent to one that may not get it.</returns>
    /// <exception cref="AgentException">It was not sent.</exception>
    private async Task<Delivery> DeliverAsync(string hostId, byte[] frame, bool isRead, bool isRepeat, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(Owners.ComeBack, _time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        while (true)
        {
            var session = _owners.Find(hostId);
            if (_agents.Find(hostId) is { IsEnded: false } own)
            {
                var delivery = new Delivery(own.Id, isRead || own.Uses(ExtensionNames.CommandIds), 0);
                if (delivery.MayRepeat || !isRepeat)
                {
                    own.Send(frame);
                }

                return delivery;
            }

            if (session?.HubId is { } hub && hub != _self.Id)
            {
                var delivery = new Delivery(session.SessionId, isRead || await RemembersAsync(hostId, ct), Volatile.Read(ref _gaps));
                if (!delivery.MayRepeat && isRepeat)
                {
                    return delivery;
                }

                var message = new HubMessage(HubMessageKind.Deliver) { HostId = hostId, SessionId = session.SessionId, Data = frame };
                var (outcome, done) = await _link.RequestAsync(hub, message, DeliveryLimit, ct);
                if (done || outcome == BusOutcome.Unknown)
                {
                    return done ? delivery : delivery with { SessionId = null };
                }

                if (outcome == BusOutcome.Down)
                {
                    throw new AgentException(
                        AgentFailure.Unreachable, "the host's agent is connected to another hub, which cannot be reached now: NATS is down");
                }

                // Nobody got it: the hub is gone, or the agent is not connected to it any more.
                await RefreshAsync(hostId, ct);
            }
            else if (!_owners.MayComeBack(hostId))
            {
                throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected");
            }

            try
            {
                // Again after a moment in any case: its new session may be stored and not be told yet.
                await PauseAsync(() => _owners.Find(hostId) != session, patience.Token);
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                throw new AgentException(
                    AgentFailure.NotConnected, $"the host's agent lost its hub, and was not back within {Owners.ComeBack.TotalSeconds:0} s: nothing was done");
            }
        }
    }

    /// <summary>Waits for a moment, or until a condition is true.</summary>
    private async Task PauseAsync(Func<bool> condition, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(_owners.UntilAsync(condition, over.Token), Task.Delay(Pause, _time, over.Token));
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Whether the agent of another hub remembers what it was asked.</summary>
    private async Task<bool> RemembersAsync(string hostId, CancellationToken ct)
    {
        try
        {
            return await _hosts.FindAsync(hostId, ct) is { } host && AgentExtensions.UsedWith(host).Contains(ExtensionNames.CommandIds);
        }
        catch (DbException)
        {
            // Requests go on without the database; they are sent once then.
            return false;
        }
    }

    /// <summary>Finds out where the agent is now.</summary>
    /// <exception cref="AgentException">Nobody knows: the database cannot be read.</exception>
    private async Task RefreshAsync(string hostId, CancellationToken ct)
    {
        try
        {
            await _presence.RefreshAsync(hostId, ct);
        }
        catch (DbException)
        {
            throw new AgentException(
                AgentFailure.Unreachable,
                "the host's agent is not at the hub it was connected to, and the database, which says where it is, cannot be read now: try again later");
        }
    }

    private void OnBusChanged(bool up)
    {
        if (up)
        {
            // Answers that came to other hubs meanwhile are lost.
            Interlocked.Increment(ref _gaps);
            _owners.Signal();
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
