using DockMon.Agent.Policies.Facts;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Hiding;

/// <summary>The container that a request is about.</summary>
/// <param name="Facts">What a policy goes by; null when there is no such container.</param>
/// <param name="IsUncertain">
/// Whether it is named by less of its id than servers have, where containers are hidden: that may be the beginning of the ids of a hidden container and
/// another one, and then the engine's answer would depend on the hidden one. Nothing is found by it.
/// </param>
internal readonly record struct RequestedContainer(ContainerFacts? Facts, bool IsUncertain)
{
    /// <summary>Finds it.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="reader">Asks the engine.</param>
    /// <param name="reference">The container as the request names it.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="EngineException">The engine does not tell which is meant.</exception>
    public static async Task<RequestedContainer> FindAsync(HostPolicy policy, ContainerFactsReader reader, string reference, CancellationToken ct)
    {
        try
        {
            var facts = await reader.ReadAsync(reference, ct);
            return new(facts, policy.Hides && facts is not null && reference != facts.Name && !new ContainerId(facts.Id).Matches(reference));
        }
        catch (EngineException e) when (policy.Hides && IsAmbiguous(e))
        {
            return new(null, IsUncertain: true);
        }
    }

    // The status differs between versions.
    private static bool IsAmbiguous(EngineException e) => e.Message.Contains("ultiple IDs found", StringComparison.Ordinal)
        || e.Message.Contains("more than one result", StringComparison.Ordinal);
}
