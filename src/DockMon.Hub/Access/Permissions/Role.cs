namespace DockMon.Hub.Access.Permissions;

/// <summary>What a caller may do, each role including the one before it. What exactly: docs/access.md.</summary>
internal enum Role
{
    /// <summary>Looks.</summary>
    Viewer,

    /// <summary>Operates what is there.</summary>
    Operator,

    /// <summary>Also does what makes somebody root on a host, and decides who may do what.</summary>
    Admin,
}

/// <summary>Roles as texts of the API and the database.</summary>
internal static class Roles
{
    public static string Name(this Role role) => role switch
    {
        Role.Viewer => "viewer",
        Role.Operator => "operator",
        _ => "admin",
    };

    /// <returns>Null for a text that is no role.</returns>
    public static Role? Parse(string? text) => text switch
    {
        "viewer" => Role.Viewer,
        "operator" => Role.Operator,
        "admin" => Role.Admin,
        _ => null,
    };
}
