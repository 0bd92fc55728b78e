using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub.Bus;

/// <content>What the other hubs tell.</content>
internal sealed partial class Presence
{
    private void Take(HubMessage message)
    {
        switch (message.Kind)
        {
            case HubMessageKind.Leaving:
                _owners.Left(message.Hub);
                Gone(message.Hub);
                return;
            case HubMessageKind.Connected when message is { HostId: { } host, SessionId: { } id }:
                Connected(new AgentSessionRecord(host, message.Epoch, message.Hub, id), message);
                break;
            case HubMessageKind.Disconnected when message is { HostId: { } host, SessionId: { } id }:
                Disconnected(new AgentSessionRecord(host, message.Epoch, null, id), message);
                break;
            case HubMessageKind.HostRemoved when message.HostId is { } host:
                _owners.Remove(host);
                _agents.HostRemoved(host);
                break;
            case HubMessageKind.Feed when message is { HostId: { } host, Name: { } name }:
                _feed.PublishOfOtherHub(name, host, message.Data.Span);
                break;
            case HubMessageKind.Hello:
                SayBeat();
                AgentConnected?.Invoke(null);
                break;
        }

        bool? watches = message.Kind is HubMessageKind.Beat or HubMessageKind.Hello ? message.Flag : null;
        if (_owners.Heard(message.Hub, watches) && message.Kind != HubMessageKind.Connected)
        {
            // Its agents may have been connected before it could be heard.
            _compare.Writer.TryWrite(true);
        }
    }

    private void Connected(AgentSessionRecord session, HubMessage message)
    {
        _owners.Heard(message.Hub);
        if (!_owners.Set(session, shown: true))
        {
            return;
        }

        if (_agents.Find(session.HostId) is { } own && own.Epoch < session.Epoch)
        {
            own.EndTaken();
        }

        _feed.PublishOfOtherHub(FeedNames.HostConnected, session.HostId, message.Data.Span);
        AgentConnected?.Invoke(session.HostId);
    }

    private void Disconnected(AgentSessionRecord session, HubMessage message)
    {
        if (_owners.Set(session, message.Flag, shown: true))
        {
            _feed.PublishOfOtherHub(FeedNames.HostDisconnected, session.HostId, message.Data.Span);
        }
    }

    private void OnMissed()
    {
        _feed.MarkGap();
        _compare.Writer.TryWrite(true);
    }

    private void OnChanged(bool up)
    {
        if (!up)
        {
            HubGone?.Invoke(null);
            return;
        }

        _owners.HeardAll();
        _link.Broadcast(new HubMessage(HubMessageKind.Hello) { Flag = _feed.HasListeners });
        OnMissed();
        AgentConnected?.Invoke(null);
    }
}
