using System.Data.Common;
using DockMon.Hub.Bus;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Sends health checks to agents. One push at a time, each with the stored checks: the last one an agent gets is the newest.</summary>
#pragma warning disable CA1001 // A push may be under way when the hub ends, and this semaphore has no handle that would have to be given back.
internal sealed partial class HealthCheckPush
#pragma warning restore CA1001
{
    private static readonly TimeSpan OtherHubLimit = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);
    private readonly IHealthChecks _checks;
    private readonly AgentRegistry _agents;
    private readonly HubLink _link;
    private readonly Owners _owners;
    private readonly ILogger<HealthCheckPush> _logger;

    public HealthCheckPush(IHealthChecks checks, AgentRegistry agents, HubLink link, Owners owners, ILogger<HealthCheckPush> logger)
    {
        (_checks, _agents, _link, _owners, _logger) = (checks, agents, link, owners, logger);
        link.Serve(HubMessageKind.PushChecks, ServeAsync);
    }

    /// <summary>Sends a host's new checks, by the hub that its agent is connected to.</summary>
    public async Task ReplacedAsync(string hostId, CancellationToken ct)
    {
        if (_agents.Find(hostId) is not null || !_owners.IsConnectedElsewhere(hostId) || _owners.Find(hostId) is not { HubId: { } hub })
        {
            await PushAsync(hostId, ct);
            return;
        }

        var (_, done) = await _link.RequestAsync(hub, new HubMessage(HubMessageKind.PushChecks) { HostId = hostId }, OtherHubLimit, ct);
        if (!done)
        {
            Log.ChecksNotPushed(_logger, hostId, hub);
        }
    }

    /// <summary>Sends a host's checks, if there are any and its agent is connected; otherwise the agent gets them when it connects.</summary>
    public async Task PushAsync(string hostId, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            if (_agents.Find(hostId) is { } session && await _checks.FindAsync(hostId, ct) is { } sync)
            {
                var payload = FrameWriter.Message(sync, ProtocolJson.Default.HealthCheckConfigsSync);
                session.Send(FrameWriter.Request(FrameTypes.HealthCheckConfigsSync, null, payload, id: null));
            }
        }
        catch (AgentException)
        {
            // The agent disconnected just now, and gets them when it is back.
        }
        catch (DbException e)
        {
            Log.ChecksNotRead(_logger, hostId, e.Message);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<bool> ServeAsync(HubMessage message)
    {
        if (message.HostId is { } hostId)
        {
            await PushAsync(hostId, CancellationToken.None);
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(103, LogLevel.Warning,
            "Hub {Hub} did not say that it sent host {HostId} its new health checks; the agent gets them when it connects again")]
        public static partial void ChecksNotPushed(ILogger logger, string hostId, string hub);

        [LoggerMessage(8, LogLevel.Error, "Cannot read the health checks of host {HostId}; its agent keeps those it has: {Reason}")]
        public static partial void ChecksNotRead(ILogger logger, string hostId, string reason);
    }
}
