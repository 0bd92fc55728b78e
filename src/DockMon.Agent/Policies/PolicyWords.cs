using DockMon.Agent.Configuration;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Facts;

namespace DockMon.Agent.Policies;

/// <summary>What a policy means, in sentences for people.</summary>
internal static class PolicyWords
{
    /// <summary>A line for each thing that it says.</summary>
    public static IReadOnlyList<string> Describe(HostPolicy policy) => policy == HostPolicy.Unrestricted
        ? ["no policy: the server may do everything"]
        : [.. Lines(policy), .. policy.Containers.Select(Describe)];

    /// <summary>The name of a mode in a policy.</summary>
    public static string NameOf(PolicyMode mode) => mode.ToString().ToLowerInvariant();

    private static IEnumerable<string> Lines(HostPolicy policy)
    {
        foreach (var problem in policy.Problems)
        {
            yield return $"cannot be used: {problem}";
        }

        yield return policy.Problems.Count > 0 ? "until it is corrected only observing is allowed" : $"mode {NameOf(policy.Mode)}: " + policy.Mode switch
        {
            PolicyMode.Observe => "the server may look at containers, images, networks, volumes, logs, events and statistics",
            PolicyMode.Operate => "the server may look, and start, stop, restart, kill, pause, unpause and update the containers that are there",
            _ => "the server may do everything that is not refused below",
        };
        if (policy.Allow.Listed.Count > 0)
        {
            yield return $"allowed beside that: {string.Join(", ", policy.Allow.Listed)}";
        }

        if (policy.Deny.Listed.Count > 0)
        {
            yield return $"refused, whatever else is said: {string.Join(", ", policy.Deny.Listed)}";
        }

        if (CreateWords.Describe(policy.Create) is { } create)
        {
            yield return create;
        }

        if (policy.Updates.Windows.Count > 0)
        {
            var clocks = policy.Updates.Zone is { } zone ? $"the clocks of {zone.Id}" : "this machine's clock";
            var windows = string.Join(", ", policy.Updates.Windows.Select(window => window.Text));
            yield return $"updates of containers and of the agent begin only at {windows} by {clocks}";
        }

        if (policy.Updates.MinAge > TimeSpan.Zero)
        {
            yield return $"containers are updated to images only that this host has known for {Duration.Format(policy.Updates.MinAge)}";
        }

        if (policy.Redact.IsActive)
        {
            yield return $"the server is not told the values of variables, labels and options called {string.Join(", ", policy.Redact.Patterns)}";
        }

        if (policy.AuditRequired)
        {
            yield return "audit required: what cannot be written into the audit is not done";
        }

        if (!policy.Enforce)
        {
            yield return "not enforced: what it refuses is done all the same, and only logged";
        }
    }

    private static string Describe(ContainerRule rule, int index)
    {
        string[] match =
        [
            .. rule.Name is { } name ? [$"the name {name}"] : Array.Empty<string>(),
            .. rule.Label is { } label ? [$"the label {label}"] : Array.Empty<string>(),
            .. rule.Image is { } image ? [$"the image {image.Text}"] : Array.Empty<string>(),
        ];
        var allowed = rule.Allow is not { } only ? "everything that is allowed on the host"
            : only.Listed.Count == 0 ? "observing only" : $"observing and {string.Join(", ", only.Listed)} only";
        var refused = rule.Deny.Listed.Count > 0 ? $", but not {string.Join(", ", rule.Deny.Listed)}" : "";
        var meaning = rule.Hide ? "hidden from the server" : allowed + refused;
        return $"{(index == 0 ? "" : "otherwise, ")}containers with {string.Join(" and ", match)}: {meaning}";
    }
}
