using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using DockMon.Agent.Commands.Repeats;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Health;
using DockMon.Agent.Policies;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands;

/// <summary>
/// Has requests done and answers them: queues each in its lane or, a read, in a place of its kind, and answers with what came of it. It outlives
/// connections: an answer that is late for one is sent on the next. Whatever is asked, what waits is bounded, and every read has an end.
/// </summary>
// Seven parameters: between all that requests come by and all that their answers leave by stands the gate.
internal sealed partial class RequestRunner(
    Lanes lanes,
    Outbound outbound,
    ConnectionState connection,
    RequestGate gate,
    TimeProvider time,
    ILogger<RequestRunner> logger,
    LoopHealth? heartbeat = null) : IDisposable
{
    /// <summary>
    /// How long operations have to end once they were told to give up. What cannot (the engine stops a container) is left to it, and updates to their journals.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>Most bytes of requests that wait or are being done.</summary>
    public const long WaitingBytes = 64 * 1024 * 1024;

    /// <summary>What a request takes beside its own bytes.</summary>
    private const int RequestOverhead = 1024;

    private readonly CancellationTokenSource _giveUp = new();
    private readonly ByteBudget _waiting = new(WaitingBytes);
    private readonly ServerPresence _audience = new(connection, time);
    private readonly Lock _gate = new();
    private Task _intake = Task.CompletedTask;
    private Task? _finished;
    private volatile bool _stopping;

    /// <summary>What was asked before; null when nobody remembers.</summary>
    public RepeatedRequests? Repeats { get; init; }

    public void Dispose()
    {
        _giveUp.Dispose();
        _audience.Dispose();
    }

    /// <summary>Begins a request.</summary>
    /// <param name="isCommand">Whether it is a command; else it is an operation, which is answered in another form.</param>
    /// <param name="id">What to answer to.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="route">What to do.</param>
    /// <param name="payload">With what.</param>
    /// <param name="size">Bytes of its frame.</param>
    public void Start(bool isCommand, string id, string name, Route route, JsonElement payload, int size)
    {
        if (!route.IsRead && Repeats?.Find(id, name, payload) is { } repeat)
        {
            Answer(isCommand, id, repeat);
            return;
        }

        var bytes = size + RequestOverhead;
        if (!_waiting.TryTake(bytes))
        {
            Log.TooMuchWaits(logger, name, bytes);
            const string Reason = "64 MiB of requests wait already; ask again when some of them are done";
            Repeats?.Forget(id);
            Answer(isCommand, id, Outcome.Fail($"failed to {route.What}: {Reason}"));
            return;
        }

        var request = new Request(id, name, route, bytes, isCommand);
        if (route.IsRead)
        {
            Read(request, payload);
            return;
        }

        // A name has to be looked up before its lane is known. Requests that come meanwhile wait for that, or they would overtake it.
        _intake = IntakeAsync(_intake, request, payload, time.GetTimestamp());
    }

    /// <summary>Answers a request that is not done at all.</summary>
    public void Refuse(bool isCommand, string id, string error) => Answer(isCommand, id, Outcome.Fail(error));

    /// <summary>No new work; what runs has <paramref name="limit"/> to end, what waits is answered with an error.</summary>
    /// <returns>The end; asked again, the same end.</returns>
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

    /// <summary>Has a read done in a place of its kind. At its limit it is answered, whether it comes back or not; its place is free when it does.</summary>
    private void Read(Request request, JsonElement payload)
    {
        var (route, answered) = (request.Route, 0);
        var timer = new CancellationTokenSource(route.Limit, time);
        var ends = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, _audience.Gone, _giveUp.Token);
        var timeout = Outcome.Fail($"failed to {route.What}: timeout: it was not done within {route.Limit.TotalSeconds:0} s");
        var late = timer.Token.Register(() => AnswerOnce(timeout));
        lanes.Post(
            route.Place,
            async () =>
            {
                AnswerOnce(_stopping ? Stopping(request) : await RunAsync(request, () => route.Bind(payload), ends.Token));
                await late.DisposeAsync();
                ends.Dispose();
                timer.Dispose();
                _waiting.Give(request.Bytes);
            },
            ends.Token);

        void AnswerOnce(Outcome outcome)
        {
            if (Interlocked.Exchange(ref answered, 1) == 0)
            {
                Answer(request, outcome);
            }
        }
    }

    private async Task WriteAsync(Request request, BoundRequest bound, long received)
    {
        if (_stopping || IsGivenUp(received))
        {
            Refuse(request, _stopping ? Stopping(request) : Late(request, received));
            return;
        }

        // From here on it is done, even if the agent is to stop meanwhile: a repeat would be told that it was.
        await (Repeats?.BeginAsync(request.Id) ?? Task.CompletedTask);
        var answer = (await RunAsync(request, () => bound, _giveUp.Token)).ToFrame(request.IsCommand, request.Id, time.GetUtcNow());
        await (Repeats?.EndAsync(request.Id, answer) ?? Task.CompletedTask);
        outbound.PostAnswer(answer);
        _waiting.Give(request.Bytes);
    }

    /// <summary>Answers a request that changes something and was not begun.</summary>
    private void Refuse(Request request, Outcome outcome)
    {
        Repeats?.Forget(request.Id);
        Answer(request, outcome);
        _waiting.Give(request.Bytes);
    }

    private static Outcome Stopping(Request request) => Outcome.Fail($"failed to {request.Route.What}: the agent is stopping");

    private Outcome Late(Request request, long received) => Outcome.Fail(
        $"failed to {request.Route.What}: timeout: it waited {time.GetElapsedTime(received).TotalSeconds:0} s for what was asked before it, "
        + "and whoever asked has given it up by now");

    private bool IsGivenUp(long received) => time.GetElapsedTime(received) > Outbound.AnswerLifetime;

    [SuppressMessage(
        "Design",
            "CA1031:Do not catch general exception types",
            Justification = "A request whose lane cannot be found out is answered, and the next one is served.")]
    private async Task IntakeAsync(Task earlier, Request request, JsonElement payload, long received)
    {
        await earlier;
        heartbeat?.Running();
        try
        {
            if (IsGivenUp(received))
            {
                // Where it belongs is not worth a question to the engine any more.
                Refuse(request, Late(request, received));
                return;
            }

            var bound = request.Route.Bind(payload);
            lanes.Post(await bound.FindLane!(_giveUp.Token), () => WriteAsync(request, bound, received));
        }
        catch (Exception e)
        {
            Refuse(request, Outcome.Fail(e is CommandException ? e.Message : $"failed to {request.Route.What}: {e.Message}"));
        }
        finally
        {
            heartbeat?.Idle();
        }
    }

    [SuppressMessage(
        "Design",
            "CA1031:Do not catch general exception types",
            Justification = "A handler's unforeseen failure is that request's answer, not the agent's end.")]
    private async Task<Outcome> RunAsync(Request request, Func<BoundRequest> bind, CancellationToken ct)
    {
        var route = request.Route;
        try
        {
            ct.ThrowIfCancellationRequested(); // It may have waited too long for its place.
            return new Outcome(await gate.RunAsync(request.Id, request.Name, bind(), ct), null);
        }
        catch (CommandException e)
        {
            return Outcome.Fail(e.Message);
        }
        catch (EngineException e)
        {
            return Outcome.Fail($"failed to {route.What}: {e.Message}");
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return Outcome.Fail(_giveUp.IsCancellationRequested ? $"failed to {route.What}: the agent stopped before it was done"
                : $"failed to {route.What}: timeout: nobody can be waiting for it any more");
        }
        catch (Exception e)
        {
            Log.HandlerFailed(logger, e, request.Name);
            return Outcome.Fail($"failed to {route.What}: internal error: {e.Message}");
        }
    }

    private void Answer(Request request, Outcome outcome) => Answer(request.IsCommand, request.Id, outcome);

    private void Answer(bool isCommand, string id, Outcome outcome) => outbound.PostAnswer(outcome.ToFrame(isCommand, id, time.GetUtcNow()));

    /// <summary>Answers a request that came before: as then, with why that cannot be, or not at all while the first answer is on its way.</summary>
    private void Answer(bool isCommand, string id, Repeat repeat)
    {
        if (repeat.Error is { } error)
        {
            Answer(isCommand, id, Outcome.Fail(error));
        }
        else if (repeat.Frame is { } frame)
        {
            outbound.PostAnswer(frame);
        }
    }

    /// <summary>A request that was taken in; its bytes are given back when it is done.</summary>
    private sealed record Request(string Id, string Name, Route Route, long Bytes, bool IsCommand);

    private static partial class Log
    {
        [LoggerMessage(203, LogLevel.Error, "{Name} failed with an unexpected error")]
        public static partial void HandlerFailed(ILogger logger, Exception exception, string name);

        [LoggerMessage(204, LogLevel.Warning, "Operations still ran after {Seconds} s; they were told to give up")]
        public static partial void GivingUp(ILogger logger, double seconds);

        [LoggerMessage(207, LogLevel.Warning, "Operations that cannot be given up are left to the Docker engine")]
        public static partial void Leaving(ILogger logger);

        [LoggerMessage(208, LogLevel.Warning, "{Name} was refused because too much waits already; the request has {Bytes} bytes")]
        public static partial void TooMuchWaits(ILogger logger, string name, long bytes);
    }
}
