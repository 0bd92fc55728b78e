using System.Data.Common;
using System.Runtime.InteropServices;
using DockMon.Hub.Api.Feeds;

namespace DockMon.Hub.Bus;

/// <content>The comparison with the database.</content>
internal sealed partial class Presence
{
    private async Task CompareAsync()
    {
        var ticks = TickAsync();
        try
        {
            await foreach (var _ in _compare.Reader.ReadAllAsync(_stopping.Token))
            {
                try
                {
                    await CompareOnceAsync(_stopping.Token);
                }
                catch (DbException e)
                {
                    Log.NotCompared(_logger, e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The hub stops.
        }

        await ticks;
    }

    private async Task TickAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(Comparison, _time);
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                _compare.Writer.TryWrite(true);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The hub stops.
        }
    }

    private async Task CompareOnceAsync(CancellationToken ct)
    {
        // Before the table is read: what is in it of these is not older than they are.
        var own = _agents.Sessions();
        var (ownHosts, known) = (_agents.HostIds(), _owners.HostIds());
        var stored = (await _sessions.ListAsync(ct)).ToDictionary(session => session.HostId, StringComparer.Ordinal);
        foreach (var hostId in known.Where(hostId => !stored.ContainsKey(hostId)))
        {
            _owners.Remove(hostId);
        }

        foreach (var session in stored.Values)
        {
            _owners.Set(session);
        }

        foreach (var hostId in ownHosts.Where(hostId => !stored.ContainsKey(hostId)))
        {
            _agents.HostRemoved(hostId);
        }

        foreach (var session in own)
        {
            if (stored.TryGetValue(session.Host.Id, out var current) && session.Epoch < current.Epoch)
            {
                session.EndTaken();
            }
        }

        foreach (var session in stored.Values.Where(session => session.HubId == _self.Id))
        {
            if (_owners.Find(session.HostId) is { HubId: null } latest && latest.Epoch == session.Epoch)
            {
                // It disconnected while the database was away.
                await _sessions.ReleaseAsync(session.HostId, session.Epoch, ct);
            }
        }

        await ShowAsync(_owners.Transitions(), ct);
    }

    /// <summary>Publishes what the feed does not have yet.</summary>
    private async Task ShowAsync(List<(string HostId, bool Connected)> transitions, CancellationToken ct)
    {
        if (transitions.Count == 0)
        {
            return;
        }

        var hosts = (await _hosts.ListAsync(ct)).ToDictionary(host => host.Id, StringComparer.Ordinal);
        foreach (var (hostId, connected) in transitions)
        {
            if (hosts.TryGetValue(hostId, out var host))
            {
                var name = connected ? FeedNames.HostConnected : FeedNames.HostDisconnected;
                _feed.PublishOfOtherHub(name, hostId, JsonMarshal.GetRawUtf8Value(host.Registration));
                if (connected)
                {
                    AgentConnected?.Invoke(hostId);
                }
            }
        }
    }
}
