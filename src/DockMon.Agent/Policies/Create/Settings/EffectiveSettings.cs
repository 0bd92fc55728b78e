namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>What a container will have of its host, however that was written.</summary>
/// <param name="Subject">What a refusal calls it: <c>service web</c>.</param>
/// <param name="Images">Its image, and images that are mounted into it, as they were named.</param>
/// <param name="Capabilities">The capabilities it has, those of every container included.</param>
/// <param name="Dangers">What gives it more of the host than every container has.</param>
/// <param name="References">What only the engine can tell the rest of; none once it was asked.</param>
internal sealed record EffectiveSettings(
    string Subject,
    IReadOnlyList<string> Images,
    IReadOnlySet<string> Capabilities,
    IReadOnlyList<Danger> Dangers,
    IReadOnlyList<EngineReference> References)
{
    /// <summary>Whether it is privileged, which includes every capability and every device and nothing that confines it.</summary>
    public bool IsPrivileged => Dangers.Any(danger => danger.Kind == DangerKind.Privileged);
}
