using System.Collections.Frozen;

namespace DockMon.Agent.Policies;

/// <summary>Some of the actions, as a policy lists them: by their names, and by those of their groups. A name of both means the group.</summary>
internal sealed class ActionSet
{
    private readonly FrozenSet<string> _actions;

    private ActionSet(IEnumerable<string> actions) => _actions = actions.ToFrozenSet(StringComparer.Ordinal);

    public static ActionSet None { get; } = new([]);

    /// <summary>Every name that a policy may list: groups first, in the order of their power.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Enum.GetValues<ActionGroup>().Select(NameOf).Union(HostActions.Groups.Keys.Order(StringComparer.Ordinal), StringComparer.Ordinal)];

    /// <summary>The names that a rule for some containers may list. Observing has none: a container that is not to be seen is hidden.</summary>
    public static IReadOnlyList<string> ContainerNames { get; } =
        [.. Names.Where(name => name != NameOf(ActionGroup.Observe) && Read([name], out _)._actions.Overlaps(HostActions.OfContainers))];

    /// <summary>The names as they were listed.</summary>
    public IReadOnlyList<string> Listed { get; private init; } = [];

    /// <summary>What each mode allows.</summary>
    public static ActionSet Of(PolicyMode mode) => new(HostActions.Groups.Where(action => mode switch
    {
        PolicyMode.Observe => action.Value <= ActionGroup.Logs,
        PolicyMode.Operate => action.Value <= ActionGroup.Update,
        _ => true,
    }).Select(action => action.Key));

    /// <summary>Reads the names of a policy.</summary>
    /// <param name="names">The names.</param>
    /// <param name="unknown">Those that name nothing.</param>
    public static ActionSet Read(IEnumerable<string> names, out IReadOnlyList<string> unknown)
    {
        List<string> actions = [], wrong = [];
        foreach (var name in names)
        {
            List<string> group = [.. HostActions.Groups.Where(action => NameOf(action.Value) == name).Select(action => action.Key)];
            actions.AddRange(group);
            if (group.Count == 0)
            {
                (HostActions.Groups.ContainsKey(name) ? actions : wrong).Add(name);
            }
        }

        unknown = wrong;
        return new ActionSet(actions) { Listed = [.. names] };
    }

    /// <summary>The name of a group in a policy.</summary>
    public static string NameOf(ActionGroup group) => group switch
    {
        ActionGroup.HealthChecks => "health_checks",
        ActionGroup.SelfUpdate => "self_update",
        _ => group.ToString().ToLowerInvariant(),
    };

    public bool Contains(string action) => _actions.Contains(action);
}
