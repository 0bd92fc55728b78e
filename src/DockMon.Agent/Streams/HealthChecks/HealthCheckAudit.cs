using DockMon.Agent.Policies;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>
/// Records which health checks the server has configured: once for each set, and not for each check that is made. A server sends the same set at each
/// connection. For one caller at a time.
/// </summary>
internal sealed class HealthCheckAudit(RequestGate gate)
{
    private Dictionary<string, string> _recorded = new(StringComparer.Ordinal);

    /// <summary>Records what is new in a set.</summary>
    /// <param name="checks">All checks that are configured; those that are off do not count.</param>
    public void Record(IEnumerable<HealthCheck> checks)
    {
        var set = checks.Where(check => check.Enabled).ToDictionary(check => check.Config.ContainerId!, Describe, StringComparer.Ordinal);
        string[] changes =
        [
            .. set.Where(check => _recorded.GetValueOrDefault(check.Key) != check.Value).Select(check => $"{check.Key} {check.Value}"),
            .. _recorded.Keys.Where(container => !set.ContainsKey(container)).Select(container => $"no longer {container}"),
        ];
        if (changes.Length > 0)
        {
            _recorded = set;
            gate.Note(HostActions.HealthChecks, $"{set.Count} configured: {string.Join(", ", changes)}");
        }
    }

    private static string Describe(HealthCheck check) => check.Request is { } request ? $"{request.Method} {request.PublicUrl}" : "(cannot be read)";
}
