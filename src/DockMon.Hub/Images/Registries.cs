using System.Text.RegularExpressions;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Images;

/// <summary>A registry that the hub has credentials for, without the password.</summary>
/// <param name="Registry">Its host, and its port if it has one.</param>
/// <param name="Username">The user.</param>
/// <param name="Tags">The tags of the hosts that get the credentials; empty for all.</param>
/// <param name="UpdatedAt">When they were stored.</param>
internal sealed record RegistryAnswer(string Registry, string Username, IReadOnlyList<string> Tags, string UpdatedAt);

/// <summary>Credentials for registries, for checks of images. Passwords are stored encrypted, and only agents get them.</summary>
internal sealed partial class Registries(Database database, HostTags tags, TimeProvider time)
{
    /// <summary>Maximum number of registries.</summary>
    public const int Most = 100;

    private const string DockerHub = "docker.io";

    private const int LongestName = 255;

    /// <summary>The name that a registry is stored by; null when it is none.</summary>
    public static string? Normalize(string name)
    {
        var lower = name.Trim().ToLowerInvariant();
        return lower == "index.docker.io" ? DockerHub : lower.Length <= LongestName && Name().IsMatch(lower) ? lower : null;
    }

    /// <summary>The registry of an image: what is before the first slash, if it is the name of a host.</summary>
    public static string Of(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : image[..slash];
        return first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost" ? Normalize(first) ?? first : DockerHub;
    }

    public Task<List<RegistryAnswer>> ListAsync(CancellationToken ct) => database.QueryAsync(
        "SELECT name, username, tags, updated_at FROM registries ORDER BY name",
        row => new RegistryAnswer(row.GetString(0), row.GetString(1), Tags.Split(row.GetString(2)), row.GetString(3)),
        ct);

    /// <summary>Stores credentials in place of those there are.</summary>
    /// <returns>What is stored; null when there are <see cref="Most"/> other registries.</returns>
    public Task<RegistryAnswer?> SaveAsync(string name, string username, string password, IReadOnlyList<string> hostTags, CancellationToken ct) =>
        database.TransactAsync(
            async open =>
            {
                var stored = new RegistryAnswer(name, username, Tags.Split(Tags.Join(hostTags)), Rfc3339.FormatSeconds(time.GetUtcNow()));
                return await open.ExecuteAsync(
                    """
                    INSERT INTO registries (name, username, password, tags, updated_at)
                    SELECT @name, @username, @password, @tags, @now WHERE (SELECT COUNT(*) FROM registries WHERE name <> @name) < @most
                    ON CONFLICT (name) DO UPDATE
                    SET username = excluded.username, password = excluded.password, tags = excluded.tags, updated_at = excluded.updated_at
                    """,
                    ("@name", name), ("@username", username), ("@password", database.Vault.Seal(password, Place(name))),
                    ("@tags", Tags.Join(hostTags)), ("@now", stored.UpdatedAt), ("@most", Most)) > 0 ? stored : null;
            },
            ct);

    public async Task<bool> DeleteAsync(string name, CancellationToken ct) =>
        await database.TransactAsync(open => open.ExecuteAsync("DELETE FROM registries WHERE name = @name", ("@name", name)), ct) > 0;

    /// <summary>The credentials for images that a host may have: of their registries, and no others.</summary>
    public async Task<IReadOnlyList<RegistryCredentials>> ForAsync(string hostId, IEnumerable<string> images, CancellationToken ct)
    {
        var wanted = images.Select(Of).ToHashSet(StringComparer.Ordinal);
        var carried = (await tags.ReadAsync(ct)).GetValueOrDefault(hostId) ?? [];
        var stored = await database.QueryAsync(
            "SELECT name, username, password, tags FROM registries ORDER BY name",
            row => (Name: row.GetString(0), Username: row.GetString(1), Password: row.GetString(2), Tags: Tags.Split(row.GetString(3))),
            ct);
        return
        [
            .. stored.Where(one => wanted.Contains(one.Name) && (one.Tags.Count == 0 || one.Tags.Any(carried.Contains)))
                .Select(one => new RegistryCredentials
                {
                    RegistryUrl = one.Name,
                    Username = one.Username,
                    Password = database.Vault.Open(one.Password, Place(one.Name)),
                }),
        ];
    }

    private static string Place(string name) => "registries/" + name;

    [GeneratedRegex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
