using System.Data.Common;
using DockMon.Hub.Agents;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Images;

/// <summary>Checks the images of every connected host every six hours, one host after the other, spread over an hour.</summary>
internal sealed partial class ImageCheckLoop(
    AgentRegistry agents, IHosts hosts, ImageChecks checks, ImageCheckStore store, TimeProvider time, ILogger<ImageCheckLoop> logger)
    : PeriodicService(Turn, time)
{
    /// <summary>Interval of the checks of one host.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(6);

    /// <summary>Time over which hosts are spread, after they are due and after the start of the hub.</summary>
    public static readonly TimeSpan Spread = TimeSpan.FromHours(1);

    /// <summary>Interval of the look for hosts that are due.</summary>
    public static readonly TimeSpan Turn = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, DateTimeOffset> _due = new(StringComparer.Ordinal);
    private readonly LogLimit _failures = new(time);

    protected override async Task TakeTurnAsync(CancellationToken ct)
    {
        try
        {
            var last = _due.Count == 0 ? await store.LastChecksAsync(ct) : [];
            foreach (var host in await hosts.ListAsync(ct))
            {
                if (!_due.TryGetValue(host.Id, out var due))
                {
                    due = last.TryGetValue(host.Id, out var at) && Rfc3339.TryParse(at, out var checkedAt) ? checkedAt + Interval : Time.GetUtcNow();
                    due = (due > Time.GetUtcNow() ? due : Time.GetUtcNow()) + Jitter();
                    _due.Add(host.Id, due);
                }

                if (due <= Time.GetUtcNow() && agents.Find(host.Id)?.Uses(ExtensionNames.ImageCheck) == true)
                {
                    _due[host.Id] = Time.GetUtcNow() + Interval + Jitter();
                    await CheckAsync(host.Id, ct);
                }
            }
        }
        catch (DbException e)
        {
            Failed("any", e.Message);
        }
    }

    private async Task CheckAsync(string hostId, CancellationToken ct)
    {
        try
        {
            await checks.CheckAsync(hostId, new ImageCheckRequest(), ct);
        }
        catch (AgentException e)
        {
            Failed(hostId, e.Message);
        }
    }

    private void Failed(string hostId, string reason)
    {
        if (_failures.Happened(out var count))
        {
            Log.NotChecked(logger, hostId, reason, count);
        }
    }

    private static TimeSpan Jitter() => Spread * Random.Shared.NextDouble();

    private static partial class Log
    {
        [LoggerMessage(80, LogLevel.Warning, "The images of host {HostId} were not checked for updates: {Reason} ({Count} since the last such message)")]
        public static partial void NotChecked(ILogger logger, string hostId, string reason, int count);
    }
}
