using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Protocol;

namespace DockMon.Agent.Policies;

/// <summary>
/// Tells a server that uses <see cref="ExtensionNames.Policy"/> what the policy allows, when it connects and when another one is in force. It says nothing of
/// rules, names or reasons: whether a container is hidden cannot be seen from it.
/// </summary>
internal static class PolicyReport
{
    /// <summary>Begins to tell.</summary>
    public static void Follow(PolicySource policies, ConnectionState connection, Outbound outbound, TimeProvider time)
    {
        var one = new Lock();
        connection.Connected += _ => Tell();
        policies.Changed += Tell;

        void Tell()
        {
            if (!connection.Uses(ExtensionNames.Policy))
            {
                return;
            }

            // The last one that is told is the one that is in force, though a server connects while the policy is read again.
            lock (one)
            {
                outbound.PostEvent(FrameWriter.Event(EventNames.Policy, Of(policies.Current), ProtocolJson.Default.PolicyStatement, time.GetUtcNow()));
            }
        }
    }

    /// <summary>What a policy allows.</summary>
    public static PolicyStatement Of(HostPolicy policy) => new()
    {
        Mode = PolicyWords.NameOf(policy.Mode),
        Enforced = policy.Enforce,
        Usable = policy.Problems.Count == 0,
        Actions = HostActions.Groups.Keys.Order(StringComparer.Ordinal).ToDictionary(action => action, policy.Describe),
    };
}
