using System.Data.Common;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Sends health checks to agents. One push at a time, each with the stored checks: the last one an agent gets is the newest.</summary>
internal sealed partial class HealthCheckPush(IHealthChecks checks, AgentRegistry agents, ILogger<HealthCheckPush> logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Sends a host's checks, if there are any and its agent is connected; otherwise the agent gets them when it connects.</summary>
    public async Task PushAsync(string hostId, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            if (agents.Find(hostId) is { } session && await checks.FindAsync(hostId, ct) is { } sync)
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
            Log.ChecksNotRead(logger, hostId, e.Message);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private static partial class Log
    {
        [LoggerMessage(8, LogLevel.Error, "Cannot read the health checks of host {HostId}; its agent keeps those it has: {Reason}")]
        public static partial void ChecksNotRead(ILogger logger, string hostId, string reason);
    }
}
