namespace DockMon.Agent.Policies;

/// <summary>What a policy says of a request.</summary>
/// <param name="Allowed">Whether it may be done.</param>
/// <param name="Rule">The line of the policy that decided, such as <c>mode: observe</c>.</param>
/// <param name="Reason">Why, in a sentence without an end, for whoever asked.</param>
internal readonly record struct Decision(bool Allowed, string Rule, string Reason)
{
    /// <summary>Whether the server has to take the container for one that does not exist: then it is not told of the refusal either.</summary>
    public bool IsHidden { get; init; }

    public static Decision Allow(string rule) => new(true, rule, "");

    public static Decision Refuse(string rule, string reason) => new(false, rule, reason);

    public static Decision Hide(string rule) => new(false, rule, "the container is hidden from the server") { IsHidden = true };

    /// <summary>The answer to a request that is refused.</summary>
    public string Error => $"refused by this host's policy: {Reason} ({Rule})";
}
