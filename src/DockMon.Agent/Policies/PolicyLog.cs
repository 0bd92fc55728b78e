using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies;

/// <summary>What the log says of the policy, and of what it refuses, wherever that is judged.</summary>
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
            InForce(logger, policy.Origin, PolicyWords.NameOf(policy.Mode), policy.Enforce ? "" : ", not enforced: what it refuses is only logged");
        }

        foreach (var stream in new[] { HostActions.Events, HostActions.Stats }.Where(_ => !policy.Enforce))
        {
            if (policy.Judge(stream, null) is { Allowed: false } decision)
            {
                WouldStop(logger, stream, decision.Reason, decision.Rule);
            }
        }
    }

    /// <summary>Says what is different from the policy before.</summary>
    public static void ReportChange(ILogger logger, HostPolicy before, HostPolicy now)
    {
        var (old, lines) = (PolicyWords.Describe(before), PolicyWords.Describe(now));
        if (now.Problems.Count > 0 || !old.SequenceEqual(lines))
        {
            Report(logger, now);
        }

        foreach (var line in old.Except(lines, StringComparer.Ordinal))
        {
            NoLonger(logger, line);
        }

        foreach (var line in lines.Except(old, StringComparer.Ordinal))
        {
            FromNowOn(logger, line);
        }

        if (old.SequenceEqual(lines))
        {
            Same(logger, now.Origin);
        }
    }

    [LoggerMessage(1100, LogLevel.Warning, "{Action} was refused by this host's policy: {Reason} ({Rule})")]
    public static partial void Refused(ILogger logger, string action, string reason, string rule);

    [LoggerMessage(1101, LogLevel.Warning, "{Action} would be refused if the policy were enforced: {Reason} ({Rule})")]
    public static partial void WouldRefuse(ILogger logger, string action, string reason, string rule);

    [LoggerMessage(1102, LogLevel.Warning, "{Action} could not be judged, and is done because the policy is not enforced: {Reason}")]
    public static partial void NotJudged(ILogger logger, string action, string reason);

    [LoggerMessage(1110, LogLevel.Error, "The policy {Origin} cannot be used, and until it is corrected only observing is allowed: {Problem}")]
    private static partial void Unusable(ILogger logger, string origin, string problem);

    [LoggerMessage(1111, LogLevel.Information, "The policy is that of {Origin}: mode {Mode}{Enforced}")]
    private static partial void InForce(ILogger logger, string origin, string mode, string enforced);

    [LoggerMessage(1112, LogLevel.Warning, "The stream of {Stream} would be stopped if the policy were enforced: {Reason} ({Rule})")]
    private static partial void WouldStop(ILogger logger, string stream, string reason, string rule);

    [LoggerMessage(1113, LogLevel.Information, "The policy was read again, and no longer says: {Line}")]
    private static partial void NoLonger(ILogger logger, string line);

    [LoggerMessage(1114, LogLevel.Information, "The policy was read again, and says now: {Line}")]
    private static partial void FromNowOn(ILogger logger, string line);

    [LoggerMessage(1115, LogLevel.Information, "The policy was read again, and says the same as before ({Origin})")]
    private static partial void Same(ILogger logger, string origin);
}
