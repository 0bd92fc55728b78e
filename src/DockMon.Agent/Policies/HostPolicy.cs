using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Redaction;
using DockMon.Agent.Policies.Updating;
using DockMon.Protocol;

namespace DockMon.Agent.Policies;

/// <summary>What a server may do on this host. The server can neither read nor change it.</summary>
internal sealed record HostPolicy
{
    private readonly ActionSet _ofMode = ActionSet.Of(PolicyMode.Full);
    private readonly PolicyMode _mode = PolicyMode.Full;
    private readonly string _modeRule = RuleOf(PolicyMode.Full);

    /// <summary>Without a policy everything is allowed, as a DockMon server expects.</summary>
    public static HostPolicy Unrestricted { get; } = new() { Origin = "no policy" };

    /// <summary>Where it comes from: a file's path, a variable, or what is wrong with either.</summary>
    public required string Origin { get; init; }

    public PolicyMode Mode
    {
        get => _mode;
        init => (_mode, _ofMode, _modeRule) = (value, ActionSet.Of(value), RuleOf(value));
    }

    /// <summary>The file that it was read from, or should have been; null for none.</summary>
    public string? File { get; init; }

    /// <summary>Why it cannot be used: then nothing but observing is allowed. Empty for a policy that can be.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Whether nothing is done that cannot be written into the audit.</summary>
    public bool AuditRequired { get; init; }

    /// <summary>Whether what it refuses is refused; else that is only logged, to try it out.</summary>
    public bool Enforce { get; init; } = true;

    /// <summary>What is allowed beside what the mode allows.</summary>
    public ActionSet Allow { get; init; } = ActionSet.None;

    /// <summary>What is refused, whatever else is said.</summary>
    public ActionSet Deny { get; init; } = ActionSet.None;

    /// <summary>What holds for some containers only; the first that matches counts.</summary>
    public IReadOnlyList<ContainerRule> Containers { get; init; } = [];

    /// <summary>What containers may have of the host that are created, updated or deployed.</summary>
    public CreateRules Create { get; init; } = CreateRules.None;

    /// <summary>When and to what is updated.</summary>
    public UpdateRules Updates { get; init; } = UpdateRules.None;

    /// <summary>What values the server is not told.</summary>
    public Redactor Redact { get; init; } = Redactor.None;

    /// <summary>The same, as far as the policy is in force.</summary>
    public Redactor Redactor => Enforce ? Redact : Redactor.None;

    /// <summary>Whether it hides containers.</summary>
    public bool Hides => Enforce && Containers.Any(rule => rule.Hide);

    /// <summary>What is in force in place of a policy that cannot be used: what the one before hid or refused stays so, and nothing is changed.</summary>
    /// <param name="file">The file.</param>
    /// <param name="problems">Why it cannot be used.</param>
    /// <param name="before">The policy before; null for none.</param>
    public static HostPolicy Unusable(string file, IReadOnlyList<string> problems, HostPolicy? before) => (before ?? Unrestricted) with
    {
        Origin = file,
        File = file,
        Problems = problems,
        Mode = PolicyMode.Observe,
        Enforce = true,
        Allow = ActionSet.None,
        Redact = before?.Redact ?? Redactor.Usual,
    };

    /// <summary>Whether a container is hidden, or may be.</summary>
    public bool IsHidden(ContainerFacts container) => FindRules(container).Any(rule => rule is { Hide: true });

    /// <summary>Whether something that belongs to no request goes on: a stream. What is only tried out stops nothing.</summary>
    public bool Permits(string action) => !Enforce || Judge(action, null).Allowed;

    /// <summary>Whether an action can be allowed on this host at all: on every container, or on some.</summary>
    public bool MayPermit(string action) =>
        Permits(action) || (Problems.Count == 0 && !Deny.Contains(action) && Containers.Any(rule => rule.Allow is { } allowed && allowed.Contains(action)));

    /// <summary>Whether an action is allowed, in one of <see cref="PolicyAnswers"/>. Rules that hide are left out.</summary>
    public string Describe(string action) =>
        Permits(action)
            ? Enforce && Containers.Any(rule => !rule.Hide && !Judge(action, rule, "").Allowed) ? PolicyAnswers.Depends : PolicyAnswers.Allowed
            : MayPermit(action) ? PolicyAnswers.Depends : PolicyAnswers.Refused;

    /// <summary>Decides on an action that may make another container of one: under another name or image all would be allowed that is refused now.</summary>
    /// <param name="action">One of <see cref="HostActions"/>.</param>
    /// <param name="container">The container that it is about; null for none.</param>
    /// <param name="subject">What it is to become.</param>
    public Decision JudgeChange(string action, ContainerFacts? container, Subject subject)
    {
        var decision = Judge(action, container);
        return decision.Allowed && container is not null && FindRules(container) is var rules && !rules.SequenceEqual(FindRules(subject.Change(container)))
            ? Decision.Refuse(rules.First()?.Text ?? "containers", $"{action} would bring {container.Name} under other rules")
            : decision;
    }

    /// <summary>Decides on an action that is about all containers of a compose project, and is allowed on this host.</summary>
    public Decision JudgeProject(string action, string project, IEnumerable<ContainerFacts> containers, IReadOnlyList<string> parts) => containers
        .SelectMany(container => parts.Select(part => JudgePart(action, part, container)).Prepend(Judge(action, container)))
        .Where(decision => !decision.Allowed)
        .Select(decision => decision.IsHidden ? Decision.Refuse("hide", $"{action} is not allowed on a container of {project}") : decision)
        .FirstOrDefault(Judge(action, null));

    /// <summary>Decides on what an action consists of: only what is denied counts.</summary>
    /// <param name="action">The action.</param>
    /// <param name="part">What is done by it.</param>
    /// <param name="container">The container that it is done to; null for none.</param>
    public Decision JudgePart(string action, string part, ContainerFacts? container) =>
        Deny.Contains(part) ? Decision.Refuse($"deny: {part}", $"{action} has {part} in it, which is not allowed")
        : container is not null && FindRules(container).FirstOrDefault(rule => rule?.Deny.Contains(part) == true) is { } rule
            ? Decision.Refuse(rule.Text, $"{action} has {part} in it, which is not allowed on {container.Name}")
        : Decision.Allow(action);

    /// <summary>Decides on an action. Of several rules, one of which is the container's, the strictest counts.</summary>
    /// <param name="action">One of <see cref="HostActions"/>.</param>
    /// <param name="container">The container that it is about; null for none.</param>
    public Decision Judge(string action, ContainerFacts? container) => container is null
        ? Judge(action, rule: null, "")
        : FindRules(container).Select(rule => Judge(action, rule, container.Name)).MinBy(decision => decision.IsHidden ? 0 : decision.Allowed ? 2 : 1);

    private Decision Judge(string action, ContainerRule? rule, string container)
    {
        if (rule is { Hide: true })
        {
            return Decision.Hide(rule.Text);
        }

        if (Deny.Contains(action))
        {
            return Decision.Refuse($"deny: {action}", $"{action} is not allowed");
        }

        if (rule is not null && rule.Deny.Contains(action))
        {
            return Decision.Refuse(rule.Text, $"{action} is not allowed on {container}");
        }

        if (Problems.Count > 0 && !HostActions.IsObserving(action))
        {
            return Decision.Refuse(
                "unusable policy",
                $"{action} is not allowed until the policy can be read; the agent's log and dockmon-agent doctor say what is wrong with it");
        }

        if (rule?.Allow is { } only && !HostActions.IsObserving(action))
        {
            return only.Contains(action) ? Decision.Allow(rule.Text) : Decision.Refuse(rule.Text, $"{action} is not allowed on {container}");
        }

        if (Allow.Contains(action))
        {
            return Decision.Allow($"allow: {action}");
        }

        return Mode == PolicyMode.Full || _ofMode.Contains(action) ? Decision.Allow(_modeRule) : Decision.Refuse(_modeRule, $"{action} is not allowed");
    }

    /// <summary>
    /// The rule for a container; null in it for none. There are more, all that it may be, where nobody knows which labels are the container's own: a rule by a
    /// label may then be its rule or not.
    /// </summary>
    private IEnumerable<ContainerRule?> FindRules(ContainerFacts container)
    {
        foreach (var rule in Containers.Where(rule => rule.Matches(container)))
        {
            yield return rule;
            if (rule.Label is null || !container.HasUncertainLabels)
            {
                yield break;
            }
        }

        yield return null;
    }

    private static string RuleOf(PolicyMode mode) => "mode: " + PolicyWords.NameOf(mode);
}
