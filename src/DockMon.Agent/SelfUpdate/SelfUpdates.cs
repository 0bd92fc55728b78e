using System.ComponentModel;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.SelfUpdate;

/// <summary>The updates of the agent itself: to a new version, and back to the one before when it does not prove itself.</summary>
internal sealed partial class SelfUpdates : IDisposable
{
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _handOver = new();
    private readonly SelfUpdateCommand _command;
    private readonly SelfUpdateStore _store;
    private readonly TrialWatch _trial;
    private bool _goBack;

    public SelfUpdates(AgentContext context, EngineClient engine, OwnContainer own, Lanes lanes, Outbound outbound, ConnectionState connection)
    {
        _logger = context.CreateLogger<SelfUpdates>();
        var store = _store = new SelfUpdateStore(context.Options.DataPath);
        var trust = ProgramTrust.Of(context.Options);
        Log.Accepted(_logger, trust.Description);
        var report = new SelfUpdateReporter(outbound, context.Audit, context.Time);
        _command = new SelfUpdateCommand(context, engine, own, lanes, store, trust, report);
        _command.Prepared += _handOver.Cancel;
        _trial = new TrialWatch(store, connection, report, context.Time, context.CreateLogger<TrialWatch>());
    }

    /// <summary>Whether <see cref="RunAsync"/> has to tell how one ended. Asked before that.</summary>
    public bool IsUnfinished => _store.Read() is { Accepted: not null } or { Trial: not null } or { Failure: not null };

    /// <summary>Fires when another version is to take over.</summary>
    public CancellationToken HandOver => _handOver.Token;

    public void AddTo(Routes routes) => _command.AddTo(routes);

    /// <summary>Ends what a self-update began: by this version, or by an earlier one that was killed.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            if (await _trial.RunAsync(ct))
            {
                _goBack = true;
                await _handOver.CancelAsync();
                return;
            }

            await _command.RemoveLeftoversAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The agent stops.
        }
        catch (Exception e) when (e is CommandException or EngineException or JsonException or IOException or UnauthorizedAccessException)
        {
            Log.SelfUpdateUnfinished(_logger, e.Message);
        }
    }

    /// <inheritdoc cref="SelfUpdateCommand.Stop"/>
    public void Stop() => _command.Stop();

    /// <inheritdoc cref="SelfUpdateCommand.WhenEndedAsync"/>
    public Task WhenEndedAsync(TimeSpan limit) => _command.WhenEndedAsync(limit);

    /// <summary>Becomes the version that is to take over. To be called when everything else has ended; returns when there is none.</summary>
    public void TakeOver()
    {
        try
        {
            _command.ExecuteNewProgram();
        }
        catch (Exception e) when (e is CommandException or IOException or Win32Exception)
        {
            // There may be nobody who would start this process again: it goes on as what it was started as.
            AgentLog.CannotLaunch(_logger, e.Message);
            _goBack = true;
        }

        if (_goBack)
        {
            Launcher.Execute(Launcher.BasePath, program: null);
        }
    }

    public void Dispose()
    {
        _command.Dispose();
        _handOver.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(5, LogLevel.Warning, "What an earlier self-update left could not be cleared away: {Reason}")]
        public static partial void SelfUpdateUnfinished(ILogger logger, string reason);

        [LoggerMessage(566, LogLevel.Information, "Self-updates: {What}")]
        public static partial void Accepted(ILogger logger, string what);
    }
}
