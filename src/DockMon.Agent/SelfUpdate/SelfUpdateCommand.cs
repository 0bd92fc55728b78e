using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Agent.Storage;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.SelfUpdate;

/// <summary>
/// <c>self_update</c>: answered at once. Fetches the new program, checks it while this one works on, and has the host end in good order; then this
/// process becomes the new program (see <see cref="ExecuteNewProgram"/>).
/// </summary>
internal sealed partial class SelfUpdateCommand(
    AgentContext context,
    EngineClient engine,
    OwnContainer own,
    Lanes lanes,
    SelfUpdateStore store,
    ProgramTrust trust,
    SelfUpdateReporter report) : IDisposable
{
    /// <summary>How long what is under way may hold the new program up.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    private readonly AgentOptions _options = context.Options;
    private readonly TimeProvider _time = context.Time;
    private readonly ILogger _logger = context.CreateLogger<SelfUpdateCommand>();
    private readonly ProgramSource _source = new(
        engine,
        store,
        $"{Environment.MachineName}:{context.Options.DataPath}",
        trust.NeedsSignature,
        context.Time,
        context.CreateLogger<SelfUpdateCommand>());
    private readonly CancellationTokenSource _stopping = new();
    private InstalledProgram? _next;
    private Task _work = Task.CompletedTask;
    private int _underWay;
    private volatile bool _isTold;

    /// <summary>Raised when the new program is there, and this one has nothing left but to end.</summary>
    public event Action? Prepared;

    public void AddTo(Routes routes) => routes.Commands[CommandNames.SelfUpdate] = Route.For(
        "update the agent",
        ProtocolJson.Default.SelfUpdateRequest,
        ProtocolJson.Default.StartedResult,
        lane: null,
        StartAsync);

    /// <summary>Removes what an agent that was killed in the middle of a self-update left on the engine.</summary>
    public Task RemoveLeftoversAsync(CancellationToken ct) => Volatile.Read(ref _underWay) == 1 ? Task.CompletedTask : _source.RemoveLeftoversAsync(ct);

    /// <summary>Nothing new is begun.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>Completes when none is under way, or after <paramref name="limit"/>: the engine may never answer. Asked for after <see cref="Stop"/>.</summary>
    public async Task WhenEndedAsync(TimeSpan limit)
    {
        try
        {
            await _work.WaitAsync(limit, _time);
        }
        catch (TimeoutException)
        {
            Log.NotEnded(_logger, limit.TotalSeconds);
        }
    }

    /// <summary>Becomes the program that was installed. To be called when everything else has ended; returns when there is none.</summary>
    public void ExecuteNewProgram()
    {
        if (_next is not { } next)
        {
            return;
        }

        // It has waited for what was under way, where others may have come to it.
        if ((store.FindRefusal(next) ?? trust.FindRefusal(next.Sha256, SelfUpdateStore.ReadSignature(next))) is { } refusal)
        {
            throw new CommandException(refusal);
        }

        var trial = new Trial(next, AgentVersion.Current, _time.GetUtcNow() + _options.UpdateTimeout, Machine.Current.BootId);
        store.Save(store.Read() with { Accepted = null, Trial = trial });
        var guard = Guard.Start(own.Require()?.Id);
        Log.Trying(_logger, next.Version, _options.UpdateTimeout.TotalSeconds);
        Launcher.Execute(next.Path, next.Path, (Guard.ProcessVariable, guard.ToString(CultureInfo.InvariantCulture)));
    }

    public void Dispose()
    {
        _source.Dispose();
        _stopping.Dispose();
    }

    private async Task<StartedResult> StartAsync(SelfUpdateRequest request, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(request.Image) && string.IsNullOrWhiteSpace(request.BinaryUrl))
        {
            throw new CommandException("neither image nor binary_url is given");
        }

        if (trust.FindRefusal() is { } refusal)
        {
            throw new CommandException("refused: " + refusal);
        }

        if (store.Read().Trial is { } trial)
        {
            throw new CommandException($"version {trial.Program.Version} is being tried out: ask again when that is over");
        }

        if (store.WhyNotTrusted() is { } distrust)
        {
            throw new CommandException($"refused: {distrust}. The agent executes nothing out of a folder that others can change");
        }

        await RestartCheck.EnsureAsync(engine, own, ct);
        if (_isTold)
        {
            await _work.WaitAsync(ct); // Whoever heard that it failed may ask at once: what it left is only being removed.
        }

        if (Interlocked.Exchange(ref _underWay, 1) == 1)
        {
            throw new CommandException("a self-update is already under way");
        }

        _isTold = false;
        var stage = string.IsNullOrWhiteSpace(request.Image) ? "download" : "pull";
        try
        {
            // Whatever becomes of this agent, whoever asked hears how it ended.
            store.Save(store.Read() with { Accepted = new AcceptedSelfUpdate(What(request), stage, Machine.Current.BootId) });
        }
        catch
        {
            Interlocked.Exchange(ref _underWay, 0);
            throw;
        }

        _work = Task.Run(() => GuardAsync(request, stage), CancellationToken.None);
        return new StartedResult { Status = "self_update_started" };
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The failure of a self-update is told, and ends nothing else.")]
    private async Task GuardAsync(SelfUpdateRequest request, string stage)
    {
        try
        {
            await FetchAsync(request, name => stage = name, _stopping.Token);
            Prepared?.Invoke();
            return; // Still under way: it ends with this process.
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            Fail(stage, "the agent was stopped before anything was changed; ask for the update again");
        }
        catch (Exception e) when (e is CommandException or EngineException)
        {
            Fail(stage, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(stage, $"the new program cannot be kept in {_options.DataPath}: {StorageAdvice.Describe(e, _options.DataPath)}");
        }
        catch (Exception e)
        {
            Log.Unforeseen(_logger, e);
            Fail(stage, "internal error: " + e.Message);
        }

        Interlocked.Exchange(ref _underWay, 0);
    }

    /// <summary>Tells first: what comes after needs a data folder that can be written.</summary>
    private void Fail(string stage, string reason)
    {
        Log.Failed(_logger, stage, reason);
        _isTold = true;
        report.Failed(stage, reason);
        try
        {
            store.Save(store.Read() with { Accepted = null });
            store.RemoveIncoming();
        }
        catch (Exception e) when (e is CommandException or IOException or UnauthorizedAccessException)
        {
            SelfUpdateLog.NotCleared(_logger, e.Message);
        }
    }

    /// <summary>What is asked for, without a password or a token that an address may hold.</summary>
    private static string What(SelfUpdateRequest request) =>
        !string.IsNullOrWhiteSpace(request.Version) ? "version " + EnvironmentReader.Short(request.Version)
        : !string.IsNullOrWhiteSpace(request.Image) ? EnvironmentReader.Short(request.Image) : "the program at the address that was given";

    private async Task FetchAsync(SelfUpdateRequest request, Action<string> enter, CancellationToken ct)
    {
        void Stage(string name, string message)
        {
            enter(name);
            report.Progress(name, message);
        }

        FetchedProgram program;
        var expected = request.Checksum;
        if (!string.IsNullOrWhiteSpace(request.Image))
        {
            var image = ProgramSource.ImageToTake(request.Image, _options.SelfUpdateImage);
            Stage("pull", $"Pulling {image}");
            program = await _source.FromImageAsync(image, ct);
            if (!string.IsNullOrWhiteSpace(request.BinaryUrl))
            {
                expected = null; // It is that of the file, which is not taken.
            }
        }
        else
        {
            if (string.IsNullOrEmpty(request.Checksum) && !_options.SelfUpdateAllowUnverified && !trust.NeedsSignature)
            {
                throw new CommandException("binary_url needs a checksum: send it, or set SELF_UPDATE_ALLOW_UNVERIFIED=true to do without");
            }

            Stage("download", "Downloading the new program");
            program = await _source.FromUrlAsync(request.BinaryUrl!, ct);
        }

        Stage("verify", "Checking the new program");
        if (!string.IsNullOrEmpty(expected) && !expected.Equals(program.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new CommandException($"the program's SHA-256 is {program.Sha256}, and should be {EnvironmentReader.Short(expected)}");
        }

        // Before it is executed, even to ask for its version.
        trust.Check(program);
        ProgramVerifier.CheckMachine(store.IncomingPath);
        var version = await ProgramVerifier.AskVersionAsync(store.IncomingPath, ct);
        trust.CheckVersion(version, AgentVersion.Current, force: request.Force == true);

        Stage("prepare", $"Installing version {version}");
        var state = store.Read();
        store.Save(state); // Where this cannot be written any more, neither can the trial, and by then everything else would have ended.
        // What this version was started from says which base it belongs to.
        _next = store.Install(version, program, Launcher.Program is null ? AgentVersion.Current : state.Confirmed?.BaseVersion ?? AgentVersion.Current);
        report.Installed(_next);
        Stage("start", $"Becoming version {version} when what is under way has ended, or has come to a safe point");
        try
        {
            await lanes.WhenIdleAsync().WaitAsync(LongestWait, _time, ct);
        }
        catch (TimeoutException)
        {
            Log.NotWaiting(_logger, LongestWait.TotalMinutes);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(551, LogLevel.Information, "Becoming version {Version} on trial: it has to be registered and to stay connected within {Seconds} s")]
        public static partial void Trying(ILogger logger, string version, double seconds);

        [LoggerMessage(556, LogLevel.Warning, "The self-update was refused or failed at \"{Stage}\": {Reason}")]
        public static partial void Failed(ILogger logger, string stage, string reason);

        [LoggerMessage(558, LogLevel.Error, "The self-update failed with an unexpected error")]
        public static partial void Unforeseen(ILogger logger, Exception exception);

        [LoggerMessage(
            565,
            LogLevel.Warning,
            "A self-update that does not come to its end within {Seconds} s is left as it is; the next start clears away what it made")]
        public static partial void NotEnded(ILogger logger, double seconds);

        [LoggerMessage(561, LogLevel.Warning, "What was under way still is after {Minutes} minutes; the new version waits no longer")]
        public static partial void NotWaiting(ILogger logger, double minutes);
    }
}
