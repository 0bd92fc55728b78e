using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.Api.Feeds;
using DockMon.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Logs;

/// <summary>Lines of the log of one container, in the stream of several.</summary>
/// <param name="HostId">The host.</param>
/// <param name="ContainerId">The container.</param>
/// <param name="Lines">The lines.</param>
/// <param name="Polled">Whether the agent is asked every second because it cannot follow logs.</param>
internal sealed record MergedLogLines(string HostId, string ContainerId, IReadOnlyList<LogLineAnswer> Lines, bool Polled);

/// <summary>The log of one container ended, in the stream of several.</summary>
internal sealed record MergedLogEnd(string HostId, string ContainerId, string? Error);

/// <summary>A part of the log of one container.</summary>
internal sealed record MergedLogPart(IReadOnlyList<LogLineAnswer> Lines, bool IsWaiting, string? Error, bool Polled);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MergedLogLines))]
[JsonSerializable(typeof(MergedLogEnd))]
internal sealed partial class MergedLogsJson : JsonSerializerContext;

/// <summary>The endpoint of the logs of several containers of any hosts in one stream: events <c>log</c>, <c>waiting</c> and <c>end</c>.</summary>
internal static class MergedLogsApi
{
    /// <summary>Maximum number of containers in one stream.</summary>
    public const int MostContainers = 50;

    /// <summary>Maximum number of events that wait for the client. When it is slower, the logs wait.</summary>
    private const int MostWaiting = 64;

    private const int DefaultLines = 100;
    private const int MostLines = 100_000;

    public static void Map(WebApplication app) =>
        app.MapGet("/api/logs", StreamAsync)
            .Allow(Role.Viewer)
            .Produces<string>(contentType: "text/event-stream")
            .WithSummary("Logs of several containers, as server-sent events; it ends when all logs have ended.");

    private static async Task<IResult> StreamAsync(
        HttpContext context,
        LogStreams streams,
        PolledLog polled,
        VisibleHosts visible,
        [FromQuery(Name = "container")] string[]? containers,
        int? tail,
        string? since,
        string? until,
        bool? follow)
    {
        var wanted = (containers ?? []).Select(text => text.Split(':', 2)).ToList();
        if (wanted.Count is 0 or > MostContainers || wanted.Exists(parts => parts is not [{ Length: > 0 }, { Length: > 0 }]))
        {
            return Results.Problem(
                $"container must be HOST_ID:CONTAINER_ID, for at most {MostContainers} containers", statusCode: StatusCodes.Status400BadRequest);
        }

        if (until is not null && !Rfc3339.TryParse(until, out _))
        {
            return Results.Problem("until must be a time of RFC 3339, such as 2026-11-30T12:00:00Z", statusCode: StatusCodes.Status400BadRequest);
        }

        if (wanted.Find(parts => !visible.Sees(parts[0])) is { } unseen)
        {
            return Results.Problem($"there is no host {unseen[0]}", statusCode: StatusCodes.Status404NotFound, type: ProblemTypes.HostNotFound);
        }

        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var waiting = Channel.CreateBounded<byte[]>(MostWaiting);
        var query = new LogQuery(tail is { } last ? Math.Clamp(last, 0, MostLines) : since is null ? DefaultLines : -1, since, Until: until);
        var pumps = Task.WhenAll(wanted.Select(parts => PumpAsync(
            ReadAsync(streams, polled, (parts[0], parts[1]), query, follow ?? true, ended.Token), parts[0], parts[1], waiting.Writer, ended.Token)));
        var completing = CompleteAsync(pumps, waiting.Writer);
        try
        {
            await WriteAsync(context.Response, waiting.Reader, context.RequestServices.GetRequiredService<TimeProvider>(), ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client disconnected, or the hub is stopping.
        }

        await ended.CancelAsync();
        await completing;
        return Results.Empty;
    }

    /// <summary>The stream ends with its logs, however they end.</summary>
    private static async Task CompleteAsync(Task pumps, ChannelWriter<byte[]> writer)
    {
        try
        {
            await pumps;
        }
        finally
        {
            writer.Complete();
        }
    }

    /// <summary>A log as the agent sends it or, where it cannot follow logs, as it is asked for every second.</summary>
    private static async IAsyncEnumerable<MergedLogPart> ReadAsync(
        LogStreams streams,
        PolledLog polled,
        (string HostId, string Id) container,
        LogQuery query,
        bool follow,
        [EnumeratorCancellation] CancellationToken ct)
    {
        if (follow)
        {
            await using var chunks = streams.FollowAsync(container.HostId, container.Id, query, ct).GetAsyncEnumerator(ct);
            var (supported, more) = await BeginAsync(chunks);
            for (; more; more = await chunks.MoveNextAsync())
            {
                var chunk = chunks.Current;
                yield return new MergedLogPart(
                    [.. chunk.Lines.Select(line => new LogLineAnswer(line.Time, line.Stream, line.Text))], chunk.IsWaiting, chunk.End?.Error, Polled: false);
            }

            if (supported)
            {
                yield break;
            }
        }

        await foreach (var lines in polled.ReadAsync(container.HostId, container.Id, query, follow, ct))
        {
            yield return new MergedLogPart(lines, IsWaiting: false, Error: null, Polled: true);
        }
    }

    /// <returns>Whether the agent can follow logs, and whether there is a first chunk.</returns>
    private static async Task<(bool Supported, bool More)> BeginAsync(IAsyncEnumerator<LogChunk> chunks)
    {
        try
        {
            return (true, await chunks.MoveNextAsync());
        }
        catch (AgentException e) when (e.Failure == AgentFailure.Unsupported)
        {
            return (false, false);
        }
    }

    private static async Task PumpAsync(
        IAsyncEnumerable<MergedLogPart> log, string hostId, string containerId, ChannelWriter<byte[]> writer, CancellationToken ct)
    {
        string? error = null;
        try
        {
            await foreach (var part in log.WithCancellation(ct))
            {
                error = part.Error;
                if (part.IsWaiting)
                {
                    await writer.WriteAsync(
                        Event("waiting", JsonSerializer.Serialize(new MergedLogEnd(hostId, containerId, null), MergedLogsJson.Default.MergedLogEnd)), ct);
                }
                else if (part.Lines.Count > 0)
                {
                    var data = new MergedLogLines(hostId, containerId, part.Lines, part.Polled);
                    await writer.WriteAsync(Event("log", JsonSerializer.Serialize(data, MergedLogsJson.Default.MergedLogLines)), ct);
                }
            }
        }
        catch (AgentException e)
        {
            error = e.Message;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await writer.WriteAsync(
                Event("end", JsonSerializer.Serialize(new MergedLogEnd(hostId, containerId, error), MergedLogsJson.Default.MergedLogEnd)), ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Nobody waits for it.
        }
    }

    private static byte[] Event(string name, string data) => Encoding.UTF8.GetBytes($"event: {name}\ndata: {data}\n\n");

    private static async Task WriteAsync(HttpResponse response, ChannelReader<byte[]> reader, TimeProvider time, CancellationToken ct)
    {
        await ServerSentEvents.BeginAsync(response, ct);
        while (await ServerSentEvents.WaitAsync(response, reader.WaitToReadAsync(ct).AsTask(), time, ct))
        {
            while (reader.TryRead(out var text))
            {
                await response.Body.WriteAsync(text, ct);
            }
        }
    }
}
