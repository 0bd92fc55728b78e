using DockMon.Hub.Access.Permissions;

namespace DockMon.Hub.Access.Oidc;

/// <summary>A provider of OpenID Connect that users sign in with.</summary>
/// <param name="Issuer"><c>HUB_OIDC_ISSUER</c>: the issuer, as its tokens have it.</param>
/// <param name="ClientId"><c>HUB_OIDC_CLIENT_ID</c>.</param>
/// <param name="ClientSecret">The content of <c>HUB_OIDC_CLIENT_SECRET_FILE</c>; null for a client without one. Secret.</param>
/// <param name="GroupsClaim"><c>HUB_OIDC_GROUPS_CLAIM</c>: the claim with the groups of a user.</param>
/// <param name="Groups"><c>HUB_OIDC_GROUPS</c>: what each group may do.</param>
public sealed record OidcOptions(string Issuer, string ClientId, string? ClientSecret, string GroupsClaim, IReadOnlyList<OidcGroup> Groups)
{
    /// <summary>Reads the variables; null when there is no provider.</summary>
    /// <exception cref="ArgumentException">A variable is missing or invalid.</exception>
    /// <exception cref="IOException">The file of the secret cannot be read.</exception>
    public static OidcOptions? Load(Func<string, string?> text)
    {
        if (text("HUB_OIDC_ISSUER") is not { } issuer)
        {
            return null;
        }

        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var uri) || (uri.Scheme != "https" && !uri.IsLoopback))
        {
            throw new ArgumentException($"HUB_OIDC_ISSUER is \"{issuer}\": it must be the address of the provider, with https");
        }

        var client = text("HUB_OIDC_CLIENT_ID")
            ?? throw new ArgumentException("HUB_OIDC_ISSUER is set, and HUB_OIDC_CLIENT_ID is missing: set it to the hub's id there");
        return new OidcOptions(
            issuer.TrimEnd('/'), client, text("HUB_OIDC_CLIENT_SECRET_FILE") is { } file ? Read(file) : null, text("HUB_OIDC_GROUPS_CLAIM") ?? "groups",
            OidcGroup.ParseAll(text("HUB_OIDC_GROUPS")));
    }

    /// <summary>The text without the secret.</summary>
    public override string ToString() => $"{ClientId} at {Issuer}";

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"HUB_OIDC_CLIENT_SECRET_FILE is \"{file}\", which cannot be read ({e.Message}): name a file that holds the secret", e);
        }
    }
}

/// <summary>What the members of a group may do.</summary>
/// <param name="Name">The group, as the provider calls it.</param>
/// <param name="RoleName">viewer, operator or admin.</param>
/// <param name="Tags">The tags of the hosts they see; empty for all.</param>
public sealed record OidcGroup(string Name, string RoleName, IReadOnlyList<string> Tags)
{
    /// <summary>Reads <c>GROUP=ROLE[:TAG,TAG…]</c>, several with semicolons between them.</summary>
    /// <exception cref="ArgumentException">It cannot be read.</exception>
    public static IReadOnlyList<OidcGroup> ParseAll(string? text)
    {
        var groups = new List<OidcGroup>();
        foreach (var part in (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // The name may have anything in it, signs of equality as well.
            var end = part.LastIndexOf('=');
            var right = (end < 0 ? "" : part[(end + 1)..]).Split(':', 2);
            var tags = right.Length > 1 ? Permissions.Tags.Split(right[1]) : [];
            if (end <= 0 || Roles.Parse(right[0]) is not { } role || Permissions.Tags.Complaint(tags) is not null || (right.Length > 1 && tags.Count == 0))
            {
                throw new ArgumentException(
                    $"HUB_OIDC_GROUPS has \"{part}\": it must be a group and its role, such as docker-admins=admin, or with tags of hosts "
                    + "developers=operator:web,test; "
                    + "several with semicolons between them");
            }

            groups.Add(new OidcGroup(part[..end], role.Name(), tags));
        }

        return groups.Count > 0 ? groups
            : throw new ArgumentException(
                "HUB_OIDC_ISSUER is set, and HUB_OIDC_GROUPS says nobody may do anything: set it, such as docker-admins=admin;staff=viewer");
    }
}
