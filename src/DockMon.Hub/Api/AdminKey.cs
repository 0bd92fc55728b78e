using DockMon.Hub.Storage;

namespace DockMon.Hub.Api;

/// <summary>The API key: configured, or generated at the first start and shown once. Stored as a hash.</summary>
internal sealed class AdminKey(Database database, HubOptions options)
{
    /// <summary>Metadata of an endpoint that needs no key.</summary>
    public static readonly object NotNeeded = new Exempt();

    private string _hash = "";

    /// <summary>Loads the key; stores the configured one, or generates and shows one when there is none.</summary>
    public async Task EnsureExistsAsync(CancellationToken ct)
    {
        var stored = (await database.QueryAsync("SELECT value FROM settings WHERE name = 'admin_key'", row => row.GetString(0), ct)).SingleOrDefault();
        if (options.AdminKey is null && stored is not null)
        {
            _hash = stored;
            return;
        }

        var key = options.AdminKey ?? Secrets.Create();
        _hash = Secrets.Hash(key);
        await database.TransactAsync(
            open => open.ExecuteAsync(
                "INSERT INTO settings (name, value) VALUES ('admin_key', @hash) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                ("@hash", _hash)),
            ct);
        if (options.AdminKey is null)
        {
            await options.Output.WriteLineAsync($"Admin key (shown once): {key}".AsMemory(), ct);
            await options.Output.FlushAsync(ct);
        }
    }

    /// <summary>Middleware that answers 401 to a request without the key, unless the endpoint needs none.</summary>
    public Task RequireAsync(HttpContext context, RequestDelegate next)
    {
        var key = BearerToken.Read(context.Request) ?? context.Request.Headers["X-Api-Key"].ToString();
        if (context.GetEndpoint()?.Metadata.GetMetadata<Exempt>() is not null || Secrets.Matches(key, _hash))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }

    private sealed class Exempt;
}
