using System.Data.Common;
using System.Globalization;

namespace DockMon.Hub.Access.Audit;

/// <summary>An endpoint that only reads, and is in the audit anyway.</summary>
internal sealed record AuditedRead;

/// <summary>An endpoint whose own filter writes the audit, because only it knows what is asked.</summary>
internal sealed record AuditedByFilter;

/// <summary>Writes requests into the audit: that they begin, and how they ended.</summary>
internal sealed partial class RequestAudit(AuditLog audit, ILogger<RequestAudit> logger)
{
    /// <summary>Whether a request is to be in the audit: it changes something, shows secrets or opens a shell.</summary>
    public static bool Needs(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        return metadata?.GetMetadata<AuditedByFilter>() is null
            && (metadata?.GetMetadata<AuditedRead>() is not null || IsChange(context.Request) || Reveals(context));
    }

    /// <summary>Whether secrets are to be shown.</summary>
    public static bool Reveals(HttpContext context) => string.Equals(context.Request.Query["reveal"], "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Runs a request between its two records. It is not run if the first cannot be written.</summary>
    public async Task<T> RunAsync<T>(HttpContext context, string? detail, Func<Task<T>> request, Func<T, string> outcome)
    {
        var id = await BeginAsync(context, Caller.Of(context), detail);
        string? ended = null;
        try
        {
            var result = await request();
            ended = outcome(result);
            return result;
        }
        finally
        {
            await EndAsync(id, ended ?? "failed");
        }
    }

    /// <summary>Records a request that was not let through.</summary>
    public async Task RefusedAsync(HttpContext context, Caller caller, string reason) =>
        await EndAsync(await BeginAsync(context, caller, null), "refused: " + reason);

    /// <summary>The outcome that a status stands for.</summary>
    public static string Outcome(int status) => status < 400 ? "ok" : string.Create(CultureInfo.InvariantCulture, $"error {status}");

    private static bool IsChange(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !HttpMethods.IsOptions(request.Method);

    private Task<long> BeginAsync(HttpContext context, Caller caller, string? detail)
    {
        var endpoint = context.GetEndpoint() as RouteEndpoint;
        var route = (endpoint?.RoutePattern.RawText ?? context.Request.Path.Value ?? "").TrimEnd('/');
        var onHost = route.StartsWith(AccessGate.HostRoute, StringComparison.Ordinal);
        var values = context.Request.RouteValues.Where(value => !onHost || value.Key != "id").Select(value => $"{value.Key}={value.Value}");
        var parts = Reveals(context) ? values.Append("reveal=true") : values;
        var hostId = onHost ? context.Request.RouteValues["id"] as string : null;
        var text = string.Join(' ', detail is null ? parts : parts.Append(detail));
        return audit.BeginAsync(
            caller.Who, ClientAddress.Text(context), $"{context.Request.Method} {route}", hostId, text.Length == 0 ? null : text, context.RequestAborted);
    }

    private async Task EndAsync(long id, string outcome)
    {
        try
        {
            await audit.EndAsync(id, outcome, CancellationToken.None);
        }
        catch (DbException e)
        {
            // What it did is done: the beginning is on the disk, and who asked gets the answer.
            Log.OutcomeNotStored(logger, id, outcome, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(70, LogLevel.Error, "Cannot write the outcome of entry {Id} of the audit, which was \"{Outcome}\": {Reason}")]
        public static partial void OutcomeNotStored(ILogger logger, long id, string outcome, string reason);
    }
}
