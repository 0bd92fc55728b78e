namespace DockMon.Protocol;

/// <summary>What the policy of a host allows (<see cref="ExtensionNames.Policy"/>): the payload of the event <c>policy</c>.</summary>
public sealed record PolicyStatement
{
    /// <summary><c>observe</c>, <c>operate</c> or <c>full</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>Whether what it refuses is refused; else it is only tried out, and all is allowed.</summary>
    public bool Enforced { get; init; }

    /// <summary>Whether it can be used. One that cannot allows nothing but observing, whatever it says.</summary>
    public bool Usable { get; init; }

    /// <summary>Every action to one of <see cref="PolicyAnswers"/>.</summary>
    public required IReadOnlyDictionary<string, string> Actions { get; init; }
}

/// <summary>Values in <see cref="PolicyStatement.Actions"/>.</summary>
public static class PolicyAnswers
{
    /// <summary>It is allowed.</summary>
    public const string Allowed = "allowed";

    /// <summary>It is allowed on some containers and refused on others.</summary>
    public const string Depends = "depends";

    /// <summary>It is refused.</summary>
    public const string Refused = "refused";
}
