using DockMon.Hub.Access.Permissions;

namespace DockMon.Hub.Access;

/// <summary>Who makes a request.</summary>
/// <param name="Who">For the audit: <c>user anna</c>, <c>token backup</c>, <c>admin key</c>.</param>
/// <param name="Role">What they may do.</param>
/// <param name="Tags">The tags of the hosts they see; empty for all hosts.</param>
/// <param name="UserId">The user; null for a key or a token.</param>
/// <param name="SessionId">The session; null for a key or a token.</param>
internal sealed record Caller(string Who, Role Role, IReadOnlyList<string> Tags, string? UserId = null, string? SessionId = null)
{
    public static readonly Caller AdminKey = new("admin key", Role.Admin, []);

    public bool SeesAll => Tags.Count == 0;

    /// <summary>Who makes this request.</summary>
    /// <exception cref="InvalidOperationException">The endpoint is for anyone, and nobody was asked who they are.</exception>
    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("This endpoint has no caller: it is for anyone.");

    /// <summary>Whether both may do and see the same.</summary>
    public bool MaySame(Caller other) => Role == other.Role && Tags.SequenceEqual(other.Tags) && Who == other.Who;
}
