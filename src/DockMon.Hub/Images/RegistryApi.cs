using DockMon.Hub.Access.Permissions;

namespace DockMon.Hub.Images;

/// <summary>Credentials for a registry.</summary>
/// <param name="Username">The user.</param>
/// <param name="Password">The password, or a token that may read.</param>
/// <param name="Tags">The tags of the hosts whose agents get them; all when left out.</param>
internal sealed record RegistryRequest(string? Username, string? Password, IReadOnlyList<string>? Tags);

/// <summary>Endpoints for the credentials of registries. Nothing answers a password.</summary>
internal static class RegistryApi
{
    private const int LongestUsername = 256;

    // Some registries take a key as the password.
    private const int LongestPassword = 16 * 1024;

    public static void Map(WebApplication app)
    {
        var registries = app.MapGroup("/api/registries").AllowGlobal(Role.Admin);
        registries.MapGet("", async (Registries all, CancellationToken ct) => (IReadOnlyList<RegistryAnswer>)await all.ListAsync(ct))
            .WithSummary("The registries that the hub has credentials for, without the passwords.");
        registries.MapPut("/{registry}", SaveAsync).Produces<RegistryAnswer>()
            .WithSummary("Stores the credentials that images of a registry, such as registry.example.com:5000 or docker.io, are checked with.");
        registries.MapDelete("/{registry}", DeleteAsync).Produces(StatusCodes.Status204NoContent).WithSummary("Deletes the credentials for a registry.");
    }

    private static async Task<IResult> SaveAsync(string registry, RegistryRequest request, Registries registries, CancellationToken ct)
    {
        var name = Registries.Normalize(registry);
        var complaint = name is null ? "a registry is a host, and its port if it has one, such as registry.example.com:5000 or docker.io"
            : request.Username is not { Length: > 0 and <= LongestUsername } user || user.Contains(':', StringComparison.Ordinal) || user.Any(char.IsControl)
                ? $"username must have from 1 to {LongestUsername} characters, and no colon"
            : request.Password is not { Length: > 0 and <= LongestPassword } ? $"password must have from 1 to {LongestPassword} characters"
            : Tags.Complaint(request.Tags);
        if (complaint is not null)
        {
            return Bad(complaint);
        }

        return await registries.SaveAsync(name!, request.Username!, request.Password!, request.Tags ?? [], ct) is { } stored
            ? Results.Ok(stored) : Bad($"there are {Registries.Most} registries already: delete one");
    }

    private static async Task<IResult> DeleteAsync(string registry, Registries registries, CancellationToken ct) =>
        Registries.Normalize(registry) is { } name && await registries.DeleteAsync(name, ct) ? Results.NoContent()
            : Results.Problem($"there are no credentials for a registry {registry}", statusCode: StatusCodes.Status404NotFound);

    private static IResult Bad(string reason) => Results.Problem(reason, statusCode: StatusCodes.Status400BadRequest);
}
