using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using DockMon.Agent.Connection;
using DockMon.Agent.Health;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands;

/// <summary>
/// Takes the server's frames apart and has them done: finds the route, queues the work in its lane, and answers with what came of
/// it. It outlives connections: an answer that is late for one is sent on the next.
/// </summary>
internal sealed class CommandRouter(
    IReadOnlyDictionary<string, Route> commands,
    IReadOnlyDictionary<string, Route> operations,
    IReadOnlyDictionary<string, Action<JsonElement>> messages,
    Lanes lanes,
    Outbound outbound,
    TimeProvider time,
    ILogger<CommandRouter> logger,
    Heartbeat? heartbeat = null) : IDisposable
{
    /// <summary>How long operations have to end once they were told to give up. What cannot (the engine stops a container) is left to it, and updates to their journals.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _giveUp = new();
    private readonly Lock _gate = new();
    private Task _intake = Task.CompletedTask;
    private Task? _finished;
    private volatile bool _stopping;

    public void Dispose() => _giveUp.Dispose();

    /// <summary>Takes one text frame. Returns at once, whatever is in it.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "One frame nobody foresaw must not cost the connection.")]
    public void Dispatch(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            Take(utf8);
        }
        catch (Exception e)
        {
            Log.FrameFailed(logger, e, utf8.Length);
        }
    }

    private void Take(ReadOnlyMemory<byte> utf8)
    {
        Frame frame;
        try
        {
            frame = Frame.Parse(utf8.Span);
        }
        catch (JsonException e)
        {
            Log.FrameInvalid(logger, utf8.Length, e.Message);
            AnswerInvalid(utf8.Span, e.Message.Split(" Path:", 2)[0]);
            return;
        }

        switch (frame.Type)
        {
            case FrameTypes.Command:
                Start(frame, frame.Command, commands, "command");
                break;
            case FrameTypes.ContainerOperation:
                Start(frame, ActionOf(frame), operations, "action");
                break;
            case { } type when messages.TryGetValue(type, out var take):
                Take(type, take, frame.Payload ?? default);
                break;
            default:
                Log.FrameUnknown(logger, frame.Type ?? "(none)");
                break;
        }
    }

    /// <summary>No new work; what runs has <paramref name="limit"/> to end, what waits is answered with an error. Asked again it waits for the same end.</summary>
    public Task FinishAsync(TimeSpan limit)
    {
        lock (_gate)
        {
            return _finished ??= EndAsync(limit);
        }
    }

    private async Task EndAsync(TimeSpan limit)
    {
        _stopping = true;
        try
        {
            await WhenIdleAsync().WaitAsync(limit, time);
            return;
        }
        catch (TimeoutException)
        {
            Log.GivingUp(logger, limit.TotalSeconds);
            await _giveUp.CancelAsync();
        }

        try
        {
            await WhenIdleAsync().WaitAsync(Grace, time);
        }
        catch (TimeoutException)
        {
            Log.Leaving(logger);
        }
    }

    private async Task WhenIdleAsync()
    {
        await _intake;
        await lanes.WhenIdleAsync();
    }

    /// <summary>A message that has no answer: its handler queues what takes time, and what is wrong with it is only logged.</summary>
    private void Take(string type, Action<JsonElement> take, JsonElement payload)
    {
        try
        {
            take(payload);
        }
        catch (CommandException e)
        {
            Log.MessageRefused(logger, type, e.Message);
        }
    }

    private void Start(Frame frame, string? name, IReadOnlyDictionary<string, Route> routes, string kind)
    {
        if (frame.RequestId is not { } id)
        {
            Log.NoId(logger, kind, name ?? "(none)");
            return;
        }

        var isCommand = frame.Type == FrameTypes.Command;
        if (name is null || !routes.TryGetValue(name, out var route))
        {
            Answer(isCommand, id, Fail($"unknown {kind}: {name ?? "(none)"}"));
            return;
        }

        var payload = frame.Payload ?? default;
        if (route.Lane is null)
        {
            lanes.Post(null, async () => Answer(isCommand, id, await RunAsync(route, name, payload)));
            return;
        }

        var received = time.GetTimestamp();
        Func<Task> work = async () => Answer(isCommand, id, time.GetElapsedTime(received) is var age && age > Outbound.AnswerLifetime
            ? Fail($"failed to {route.What}: it waited {age.TotalSeconds:0} s for what was asked before it, and whoever asked has given it up by now")
            : await RunAsync(route, name, payload));

        // A name has to be looked up before its lane is known. Requests that come meanwhile wait for that, or they would overtake it.
        _intake = IntakeAsync(_intake, route, payload, work, error => Answer(isCommand, id, Fail(error)));
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A request whose lane cannot be found out is answered, and the next one is served.")]
    private async Task IntakeAsync(Task earlier, Route route, JsonElement payload, Func<Task> work, Action<string> refuse)
    {
        await earlier;
        heartbeat?.Beat();
        try
        {
            lanes.Post(await route.Lane!(payload, _giveUp.Token), work);
        }
        catch (CommandException e)
        {
            refuse(e.Message);
        }
        catch (Exception e)
        {
            refuse($"failed to {route.What}: {e.Message}");
        }
        finally
        {
            heartbeat?.Rest();
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A handler's unforeseen failure is that request's answer, not the agent's end.")]
    private async Task<Outcome> RunAsync(Route route, string name, JsonElement payload)
    {
        if (_stopping)
        {
            return Fail($"failed to {route.What}: the agent is stopping");
        }

        try
        {
            return new Outcome(await route.Run(payload, _giveUp.Token), null);
        }
        catch (CommandException e)
        {
            return Fail(e.Message);
        }
        catch (EngineException e)
        {
            return Fail($"failed to {route.What}: {e.Message}");
        }
        catch (OperationCanceledException) when (_giveUp.IsCancellationRequested)
        {
            return Fail($"failed to {route.What}: the agent stopped before it was done");
        }
        catch (Exception e)
        {
            Log.HandlerFailed(logger, e, name);
            return Fail($"failed to {route.What}: internal error: {e.Message}");
        }
    }

    private void Answer(bool isCommand, string id, Outcome outcome)
    {
        var frame = (isCommand, outcome.Error) switch
        {
            (true, null) => FrameWriter.Response(id, outcome.Json, time.GetUtcNow()),
            (true, { } error) => FrameWriter.ResponseError(id, error, time.GetUtcNow()),
            (false, null) => FrameWriter.OperationResult(id, outcome.Json),
            (false, { } error) => FrameWriter.OperationError(id, error),
        };
        if (frame.Length > ProtocolLimits.ControlFrameBytes)
        {
            // Sent as it is, it would cost the connection.
            Answer(isCommand, id, Fail($"the answer has {frame.Length} bytes, over the server's limit of {ProtocolLimits.ControlFrameBytes}"));
            return;
        }

        outbound.PostAnswer(frame);
    }

    /// <summary>A frame whose envelope has a wrong type somewhere still has a right to an answer when it has an id.</summary>
    private void AnswerInvalid(ReadOnlySpan<byte> utf8, string reason)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ProtocolLimits.JsonDepth });
            using var document = JsonDocument.ParseValue(ref reader);
            if (Text(document.RootElement, "id") is { } id || (id = Text(document.RootElement, "correlation_id")) is not null)
            {
                Answer(Text(document.RootElement, "type") == FrameTypes.Command, id, Fail("invalid message: " + reason));
            }
        }
        catch (JsonException)
        {
            // Not JSON at all: there is no id to answer to, and the frame was logged already.
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? Text(value) : null;

    private static string? Text(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // Half of a surrogate pair: JSON allows to write it, and no text has it.
        }
    }

    private static string? ActionOf(Frame frame) => frame.Payload is { } payload ? Text(payload, "action") : null;

    private static Outcome Fail(string error) => new([], error);

    /// <summary>What came of a request: JSON or an error.</summary>
    private readonly record struct Outcome(byte[] Json, string? Error);
}
