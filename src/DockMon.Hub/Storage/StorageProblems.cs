using System.Data.Common;
using DockMon.Hub.Agents.Limits;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Storage;

/// <summary>Answers 503 to requests that need a database that cannot be reached, or is too busy.</summary>
internal sealed partial class StorageProblems(
    Database database, IProblemDetailsService problems, TimeProvider time, ILogger<StorageProblems> logger) : IExceptionHandler
{
    private readonly LogLimit _failures = new(time);

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken ct)
    {
        if (exception is not DbException e || !database.IsAway(e))
        {
            return false;
        }

        if (_failures.Happened(out var count))
        {
            Log.RequestsFailed(logger, count, database.Name, e.InnerException?.Message ?? e.Message);
        }

        context.Response.Headers.RetryAfter = "5";
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = new ProblemDetails
            {
                Status = StatusCodes.Status503ServiceUnavailable,
                Detail = "the hub cannot reach its database now, and its log says why: try again later",
            },
        });
    }

    private static partial class Log
    {
        [LoggerMessage(
            21,
            LogLevel.Error,
            "Answered {Count} requests with 503 since the last such message, for the database {Name} cannot be reached: {Reason}")]
        public static partial void RequestsFailed(ILogger logger, int count, string name, string reason);
    }
}
