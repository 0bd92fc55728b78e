using System.Text.Json;
using DockMon.Hub.Access.Permissions;
using DockMon.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Access.Audit;

/// <summary>Endpoints of the audit.</summary>
internal static class AuditApi
{
    private const int Page = 500;

    public static void Map(WebApplication app)
    {
        var audit = app.MapGroup("/api/audit").AllowGlobal(Role.Admin);
        audit.MapGet("", ListAsync)
            .Produces<IReadOnlyList<AuditEntry>>()
            .WithSummary("What was changed and by whom, newest first. The id of the last entry as before gives the next page.");
        audit.MapGet("/export", ExportAsync).Produces<string>(contentType: "application/jsonl").WithSummary("All of the audit as JSON lines, newest first.");
    }

    private static async Task<IResult> ListAsync([AsParameters] AuditQuery query, AuditLog audit, CancellationToken ct) =>
        query.Filter() is { } filter ? Results.Ok<IReadOnlyList<AuditEntry>>(await audit.ListAsync(filter, ct))
            : Results.Problem("from and to must be times such as 2026-11-23T12:00:00Z", statusCode: StatusCodes.Status400BadRequest);

    private static async Task ExportAsync(HttpContext context, [AsParameters] AuditQuery query, AuditLog audit, CancellationToken ct)
    {
        if (query.Filter() is not { } filter)
        {
            await Results.Problem("from and to must be times such as 2026-11-23T12:00:00Z", statusCode: StatusCodes.Status400BadRequest).ExecuteAsync(context);
            return;
        }

        context.Response.ContentType = "application/jsonl";
        context.Response.Headers.ContentDisposition = "attachment; filename=audit.jsonl";
        filter = filter with { Limit = Page };
        while (await audit.ListAsync(filter, ct) is [.., var last] entries)
        {
            foreach (var entry in entries)
            {
                await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(entry, AccessJson.Default.AuditEntry), ct);
                await context.Response.Body.WriteAsync("\n"u8.ToArray(), ct);
            }

            filter = filter with { Before = last.Id };
        }
    }

    /// <summary>The filters of a request.</summary>
    internal sealed class AuditQuery
    {
        public string? Who { get; set; }

        [FromQuery(Name = "host_id")]
        public string? HostId { get; set; }

        public string? Action { get; set; }

        public string? From { get; set; }

        public string? To { get; set; }

        public long? Before { get; set; }

        public int? Limit { get; set; }

        /// <returns>Null if a time is none.</returns>
        public AuditFilter? Filter() => Time(From, out var from) && Time(To, out var to)
            ? new AuditFilter(Who, HostId, Action, from, to, Before, Math.Clamp(Limit ?? 100, 1, Page)) : null;

        private static bool Time(string? text, out string? stored)
        {
            stored = null;
            if (text is null)
            {
                return true;
            }

            var isTime = DateTimeOffset.TryParse(
                text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time);
            stored = isTime ? Rfc3339.FormatSeconds(time) : null;
            return isTime;
        }
    }
}
