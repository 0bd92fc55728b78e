using Microsoft.AspNetCore.Http.Metadata;

namespace DockMon.Hub.Access.Permissions;

/// <summary>Who may use an endpoint. Metadata of each endpoint; one without it is for admins.</summary>
/// <param name="Least">The role it takes; null for anybody, signed in or not.</param>
/// <param name="IsGlobal">Whether it concerns all hosts, and is not for callers who see only some.</param>
internal sealed record AccessRule(Role? Least, bool IsGlobal = false)
{
    public static readonly AccessRule Default = new(Role.Admin, IsGlobal: true);
}

/// <summary>The largest body that an endpoint for anybody reads: what nobody answers for must not cost memory.</summary>
internal sealed record AnyonesBody : IRequestSizeLimitMetadata
{
    public const long MostBytes = 64 * 1024;

    public long? MaxRequestBodySize => MostBytes;
}

/// <summary>How an endpoint, or a group of endpoints, says who may use it.</summary>
internal static class AccessRules
{
    /// <summary>For anybody, signed in or not, with a small body.</summary>
    public static TBuilder AllowAnyone<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AccessRule(null), new AnyonesBody());

    /// <summary>For callers with a role or a higher one.</summary>
    public static TBuilder Allow<TBuilder>(this TBuilder builder, Role least)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AccessRule(least));

    /// <summary>For callers with a role or a higher one who see all hosts.</summary>
    public static TBuilder AllowGlobal<TBuilder>(this TBuilder builder, Role least)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AccessRule(least, IsGlobal: true));
}
