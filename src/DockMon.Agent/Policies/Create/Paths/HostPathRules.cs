namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>Which paths of the host containers may have.</summary>
internal sealed record HostPathRules
{
    public const string Name = "create.host_paths";

    /// <summary>Those that are allowed, and no others then; null for all that are not denied.</summary>
    public IReadOnlyList<PathPattern>? Allow { get; init; }

    /// <summary>Those that are refused, whatever else is said.</summary>
    public IReadOnlyList<PathPattern> Deny { get; init; } = [];

    /// <summary>Judges a path.</summary>
    /// <param name="path">A clean path.</param>
    /// <param name="host">What is known of the host.</param>
    /// <returns>The rule that refuses it, and why if the path alone does not say it; null when it is allowed.</returns>
    public (string Rule, string Why)? FindRefusal(string path, HostFacts host)
    {
        path = HostPaths.Canonical(path);
        if (host.Resolve(path) is not { } real)
        {
            return (Name, ", and the agent may not see where that leads");
        }

        // The name counts as well as what it leads to: who can change the link chooses between the two.
        return FindRefusal(path, path, host, "") ?? (real == path ? null : FindRefusal(path, real, host, $", which leads to {real}"));
    }

    private (string Rule, string Why)? FindRefusal(string path, string form, HostFacts host, string why)
    {
        foreach (var pattern in WithReal(Deny, host))
        {
            if (pattern.Relate(form) is not PathRelation.Apart and var relation)
            {
                return ($"{Name}.deny", relation == PathRelation.Above ? $"{why}, which may have {pattern.Text} in it" : why);
            }
        }

        if (host.Project is { } project && project.Has(path, form, host))
        {
            return null;
        }

        List<PathPattern>? allow = Allow is null ? null : [.. WithReal(Allow, host)];
        if (allow?.Exists(pattern => pattern.Relate(form) == PathRelation.Within) == false)
        {
            return ($"{Name}.allow", why);
        }

        foreach (var pattern in WithReal(host.Protected, host))
        {
            if (pattern.Relate(form) is not PathRelation.Apart and var relation && !IsAllowedByName(allow, pattern, form))
            {
                return ($"{Name}: protected by default", relation == PathRelation.Above ? $"{why}, which has {pattern.Text} in it" : why);
            }
        }

        return null;
    }

    /// <summary>Whether what is protected is allowed by its own name, and not by a pattern for much.</summary>
    private static bool IsAllowedByName(List<PathPattern>? allow, PathPattern isProtected, string path) =>
        allow?.Exists(pattern => pattern.NamesPartOf(isProtected) && pattern.Relate(path) == PathRelation.Within) == true;

    private static IEnumerable<PathPattern> WithReal(IEnumerable<PathPattern> patterns, HostFacts host) =>
        patterns.SelectMany(pattern => pattern.FindReal(host.Resolve) is { } real ? [pattern, real] : new[] { pattern });
}
