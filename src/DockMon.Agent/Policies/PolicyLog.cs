using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies;

/// <summary>What the log says of the policy itself.</summary>
internal static partial class PolicyLog
{
    /// <summary>Says which policy is in force; nothing when there is none.</summary>
    public static void Report(ILogger logger, HostPolicy policy)
    {
        foreach (var problem in policy.Problems)
        {
            Unusable(logger, policy.Origin, problem);
        }

        if (policy.Problems.Count == 0 && policy != HostPolicy.Unrestricted)
        {
            InForce(logger, policy.Origin, policy.Mode.ToString().ToLowerInvariant(), policy.Enforce ? "" : ", not enforced: what it refuses is only logged");
        }
    }

    [LoggerMessage(1110, LogLevel.Error, "The policy {Origin} cannot be used, and until it is corrected only observing is allowed: {Problem}")]
    private static partial void Unusable(ILogger logger, string origin, string problem);

    [LoggerMessage(1111, LogLevel.Information, "The policy is that of {Origin}: mode {Mode}{Enforced}")]
    private static partial void InForce(ILogger logger, string origin, string mode, string enforced);
}
