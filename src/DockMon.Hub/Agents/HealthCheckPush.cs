using System.Data.Common;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Has agents know their health checks. One push at a time, and each reads anew: the last one an agent gets is the newest.</summary>
internal sealed partial class HealthCheckPush(IHealthChecks checks, AgentRegistry agents, ILogger<HealthCheckPush> logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Sends a host's checks if it has any and is connected; otherwise it gets them when it connects.</summary>
    public async Task PushAsync(string hostId, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            if (agents.Find(hostId) is { } session && checks.Find(hostId) is { } sync)
            {
                var payload = FrameWriter.Message(sync, ProtocolJson.Default.HealthCheckConfigsSync);
                session.Send(FrameWriter.Request(FrameTypes.HealthCheckConfigsSync, null, payload, id: null));
            }
        }
        catch (AgentException)
        {
            // It went away just now, and gets them when it is back.
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
        [LoggerMessage(8, LogLevel.Error, "The health checks of host {HostId} could not be read, so its agent goes on with those it has: {Reason}")]
        public static partial void ChecksNotRead(ILogger logger, string hostId, string reason);
    }
}
