using System.Collections.Concurrent;

namespace DockMon.Hub.Agents.Limits;

/// <summary>The quota of each host that has connected since the start of the hub: coming back gives nobody a new one.</summary>
internal sealed class HostQuotas(HubOptions options, TimeProvider time, ILogger<HostQuotas> logger)
{
    private readonly ConcurrentDictionary<string, HostQuota> _quotas = new(StringComparer.Ordinal);

    public HostQuota Of(string hostId) => _quotas.GetOrAdd(hostId, id => new HostQuota(id, options.Limits, time, logger));

    /// <summary>How often a host reached each of its limits; null when it never did.</summary>
    public IReadOnlyDictionary<string, long>? Reached(string hostId) => _quotas.TryGetValue(hostId, out var quota) ? quota.Reached : null;

    /// <summary>Forgets a host that was removed.</summary>
    public void Forget(string hostId) => _quotas.TryRemove(hostId, out _);
}
