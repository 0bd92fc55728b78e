using System.Text;
using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Threading;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Shells;

/// <summary>One shell in one container, from its start to the moment when nothing of it is left.</summary>
internal sealed partial class Shell(
    string sessionId,
    string containerId,
    EngineClient engine,
    Outbound outbound,
    RequestAudit audit,
    TimeProvider time,
    ILogger<ShellManager> logger)
{
    /// <summary>Most bytes of output in one frame.</summary>
    public const int OutputBytes = 32 * 1024;

    private const int KilledExitCode = 137;
    private static readonly TimeSpan OpeningLimit = TimeSpan.FromSeconds(30);

    private readonly ShellInput _input = new();
    private readonly AsyncSignal _resized = new();
    private readonly TaskCompletionSource<string?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Tuple<int, int>? _size;
    private volatile string? _container;

    /// <summary>The container, as the server named it.</summary>
    public string ContainerId => containerId;

    /// <summary>The container's id, once it was judged; null before.</summary>
    public string? JudgedId => _container;

    /// <summary>Queues input.</summary>
    public void Write(byte[] data)
    {
        if (!_input.TryAdd(data))
        {
            End($"the shell was closed: more than {ShellInput.Limit / 1024 / 1024} MiB of input wait for a program that does not read");
        }
    }

    /// <summary>Gives the terminal its size, as soon as there is one.</summary>
    public void Resize(int cols, int rows)
    {
        _size = Tuple.Create(cols, rows);
        _resized.Set();
    }

    /// <summary>Ends it.</summary>
    /// <param name="reason">What to tell the server; null when it asked for it.</param>
    public void End(string? reason) => _end.TrySetResult(reason);

    /// <summary>Ends it without a word: there is nobody to tell.</summary>
    public void Abandon()
    {
        _abandoned.TrySetResult();
        End("the connection to the server was lost");
    }

    /// <summary>Runs it.</summary>
    /// <param name="container">The id of the container that was judged: its name may be another one's by now.</param>
    public async Task RunAsync(string container)
    {
        string? reason;
        _container = container;
        try
        {
            var subject = Subject.OfContainer(containerId) with { Id = container };
            reason = await audit.RunAsync(
                HostActions.Shell, subject, sessionId, () => JudgedContainer.RunAsync(container, containerId, () => ServeAsync(container)));
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            await PostLastAsync(Message("error", error: ShellReason.NotStarted(e.Message)));
            Log.Ended(logger, sessionId, containerId, e.Message);
            return;
        }

        await PostLastAsync(Message("closed", error: reason is null ? null : ShellReason.Cut(reason)));
        Log.Ended(logger, sessionId, containerId, reason ?? "as it should");
    }

    private async Task<string?> ServeAsync(string container)
    {
        // Never cancelled half-way: whoever gives up between create and start does not know whether a shell runs.
        var execId = await engine.CreateExecAsync(container, ShellOpening.Program, CancellationToken.None);
        // One that was closed meanwhile is not started: what was only created is gone with its container.
        return _end.Task.IsCompleted ? await _end.Task : await ServeAsync(container, execId);
    }

    private async Task<string?> ServeAsync(string container, string execId)
    {
        string? reason;
        string processId;
        await using (var stream = await engine.StartExecAsync(execId, tty: true, CancellationToken.None))
        {
            var opening = await OpenAsync(stream);
            processId = opening.ProcessId
                ?? throw new EngineException(Encoding.UTF8.GetString(opening.Output).Trim() is { Length: > 0 } words ? words : "the shell ended at once");
            Log.Started(logger, sessionId, containerId);
            reason = await ConverseAsync(execId, stream, opening.Output);
        }

        if (!_end.Task.IsCompleted && reason is null)
        {
            return await HowItEndedAsync(execId);
        }

        if (await ShellHangup.EndAsync(engine, container, execId, processId, time) is { } left)
        {
            Log.MayBeLeft(logger, sessionId, containerId, left);
        }

        return reason;
    }

    private async Task<ShellOpening> OpenAsync(EngineStream stream)
    {
        using var limit = new CancellationTokenSource(OpeningLimit, time);
        try
        {
            return await ShellOpening.ReadAsync(stream, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Log.MayBeLeft(logger, sessionId, containerId, "the shell never said its process id");
            throw new EngineException($"the shell did not begin within {OpeningLimit.TotalSeconds:0} s (timeout)");
        }
    }

    private async Task<string?> ConverseAsync(string execId, EngineStream stream, byte[] output)
    {
        using var ended = new CancellationTokenSource();
        var reading = ReadOutputAsync(stream, output, ended.Token);
        var others = Task.WhenAll(WriteInputAsync(stream, ended.Token), BackgroundLoop.RunAsync(ct => ResizeAsync(execId, ct), ended.Token));
        await Task.WhenAny(reading, _end.Task);
        await ended.CancelAsync();
        await others;
        var broken = await reading;
        return _end.Task.IsCompleted ? await _end.Task : broken;
    }

    private async Task<string?> ReadOutputAsync(EngineStream stream, byte[] output, CancellationToken ct)
    {
        try
        {
            await outbound.PostStreamAsync(Message("started"), ct);
            foreach (var piece in output.Chunk(OutputBytes))
            {
                await outbound.PostStreamAsync(Message("data", piece), ct);
            }

            // Nothing is read while the last frame waits for room: the engine's buffers fill, and then the program waits.
            var buffer = new byte[OutputBytes];
            while (await stream.ReadAsync(buffer, ct) is var count and > 0)
            {
                await outbound.PostStreamAsync(Message("data", buffer.AsMemory(0, count)), ct);
            }

            return null;
        }
        catch (EngineException e)
        {
            return $"failed to read the shell's output: {e.Message}";
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task WriteInputAsync(EngineStream stream, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                var data = await _input.NextAsync(ct);
                await stream.WriteAsync(data, ct);
                _input.Written(data);
            }
        }
        catch (EngineException e)
        {
            // The reader learns how it ended: a shell that was told "exit" takes no more input either.
            Log.InputEnded(logger, sessionId, e.Message);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The shell ended, or is to end.
        }
    }

    private async Task ResizeAsync(string execId, CancellationToken ct)
    {
        while (true)
        {
            await _resized.WaitAsync(ct);
            try
            {
                var (cols, rows) = _size!;
                await engine.ResizeExecAsync(execId, cols, rows, ct);
            }
            catch (EngineException e)
            {
                Log.ResizeFailed(logger, sessionId, e.Message);
            }
        }
    }

    private async Task<string?> HowItEndedAsync(string execId)
    {
        try
        {
            // Only this one says something for sure: any other code may be that of the last thing typed.
            return (await engine.InspectExecAsync(execId, CancellationToken.None)).ExitCode == KilledExitCode
                ? "the shell was killed, or its container stopped" : null;
        }
        catch (EngineException e)
        {
            return $"the shell ended, and the engine does not say how: {e.Message}";
        }
    }

    private async Task PostLastAsync(byte[] frame)
    {
        using var abandoned = new CancellationTokenSource();
        var posting = PostAsync(frame, abandoned.Token);
        await Task.WhenAny(posting, _abandoned.Task);
        await abandoned.CancelAsync();
        await posting;
    }

    private async Task PostAsync(byte[] frame, CancellationToken ct)
    {
        try
        {
            if (!_abandoned.Task.IsCompleted)
            {
                await outbound.PostStreamAsync(frame, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The connection went while the last word waited for room.
        }
    }

    private byte[] Message(string action, ReadOnlyMemory<byte> data = default, string? error = null) => FrameWriter.Event(
        EventNames.ShellData,
        new ShellData { SessionId = sessionId, Action = action, Data = data.IsEmpty ? null : Convert.ToBase64String(data.Span), Error = error },
        ProtocolJson.Default.ShellData,
        time.GetUtcNow());

    private static partial class Log
    {
        [LoggerMessage(600, LogLevel.Information, "Shell {Session} in container {Container} started")]
        public static partial void Started(ILogger logger, string session, string container);

        [LoggerMessage(601, LogLevel.Information, "Shell {Session} in container {Container} ended: {Reason}")]
        public static partial void Ended(ILogger logger, string session, string container, string reason);

        [LoggerMessage(602, LogLevel.Warning, "Processes of shell {Session} may be left in container {Container}: {Reason}")]
        public static partial void MayBeLeft(ILogger logger, string session, string container, string reason);

        [LoggerMessage(603, LogLevel.Debug, "The terminal of shell {Session} did not take its size: {Reason}")]
        public static partial void ResizeFailed(ILogger logger, string session, string reason);

        [LoggerMessage(605, LogLevel.Debug, "Shell {Session} takes no more input: {Reason}")]
        public static partial void InputEnded(ILogger logger, string session, string reason);
    }
}
