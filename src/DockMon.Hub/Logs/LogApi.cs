using System.Globalization;
using System.Text.Json;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Feeds;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>The endpoint of a followed log: server-sent events <c>log</c>, <c>waiting</c> and <c>end</c>.</summary>
internal static class LogApi
{
    public static void MapLogs(this WebApplication app) =>
        app.MapGroup("/api/hosts/{id}/containers").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Viewer)
            .MapGet("/{cid}/logs/stream", StreamAsync)
            .Produces<string>(contentType: "text/event-stream")
            .ProducesProblem(StatusCodes.Status501NotImplemented)
            .WithSummary("Follows the log, as server-sent events log, waiting and end. Last-Event-ID continues after the last line that was received.");

    private static async Task<IResult> StreamAsync(
        string id, string cid, HttpContext context, LogStreams logs, TimeProvider time, IHostApplicationLifetime lifetime, int? tail, string? since)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var query = Resume(context.Request.Headers["Last-Event-ID"].ToString()) ?? new LogQuery(tail, since);
        try
        {
            await using var chunks = logs.FollowAsync(id, cid, query, ended.Token).GetAsyncEnumerator(ended.Token);
            await chunks.MoveNextAsync(); // It is followed; if not, nothing was sent yet, and the error is the answer.
            await ServerSentEvents.BeginAsync(context.Response, ended.Token);
            await WriteAsync(context.Response, chunks, chunks.MoveNextAsync().AsTask(), new LogCursor(query), time, ended);
        }
        catch (AgentException e) when (!context.Response.HasStarted)
        {
            return Relay.Problem(e);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client disconnected, or the hub is stopping.
        }

        return Results.Empty;
    }

    private static async Task WriteAsync(
        HttpResponse response, IAsyncEnumerator<LogChunk> chunks, Task<bool> next, LogCursor cursor, TimeProvider time, CancellationTokenSource ended)
    {
        try
        {
            while (await ServerSentEvents.WaitAsync(response, next, time, ended.Token))
            {
                await response.WriteAsync(Format(chunks.Current, cursor), ended.Token);
                next = chunks.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // It has to end before the enumerator is disposed.
            await ended.CancelAsync();
            await Task.WhenAny(next);
        }
    }

    private static string Format(LogChunk chunk, LogCursor cursor) => chunk switch
    {
        { End: { } end } => $"event: end\ndata: {JsonSerializer.Serialize(new LogEndEvent(end.Reason, end.Error), LogJson.Default.LogEndEvent)}\n\n",
        { IsWaiting: true } => "event: waiting\ndata: {\"reason\":\"the host's agent is not connected; the log goes on when it is back\"}\n\n",
        _ => $"id: {cursor.Move(chunk.Lines)}\nevent: log\ndata: {JsonSerializer.Serialize(new LogLinesEvent(chunk.Lines), LogJson.Default.LogLinesEvent)}\n\n",
    };

    /// <summary>The query after an id of <see cref="LogCursor"/>; null for anything else.</summary>
    private static LogQuery? Resume(string id) =>
        id.Split('/') is [var time, var count] && Rfc3339.TryParse(time, out _)
        && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var skip)
            ? new LogQuery(-1, time, skip) : null;
}
