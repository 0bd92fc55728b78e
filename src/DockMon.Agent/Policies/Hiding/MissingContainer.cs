using System.Security.Cryptography;
using DockMon.Agent.Policies.Facts;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Hiding;

/// <summary>
/// Answers requests about hidden containers as those about containers that do not exist: both are done with an id that nobody has, so that the order of checks
/// and the engine's words are the same. A server can tell neither from the other, and no container that gets the name meanwhile is reached.
/// </summary>
internal static class MissingContainer
{
    /// <summary>An id that nobody has.</summary>
    // Not a constant: somebody could give it to a container as its name.
    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ContainerId.Length / 2));

    /// <summary>Says that a container does not exist, in the engine's words.</summary>
    /// <exception cref="EngineException">It does not exist.</exception>
    public static Task ThrowAsync(EngineClient engine, string reference, CancellationToken ct)
    {
        var nobody = NewId();
        return JudgedContainer.RunAsync(nobody, reference, () => engine.InspectContainerAsync(nobody, ct));
    }
}
