using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using DockMon.Agent.Audit;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Connection.Registration;
using DockMon.Agent.Delivery;
using DockMon.Agent.Health;
using DockMon.Agent.Storage;
using DockMon.Agent.Threading;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection;

/// <summary>Keeps the agent connected: dial, register, run, and after every end a delay and the next connection.</summary>
internal sealed partial class ServerLink(
    AgentContext context,
    Dialer dialer,
    TokenStore tokens,
    Func<string, CancellationToken, Task<RegisterRequest>> describe,
    Outbound outbound,
    ConnectionState state)
{
    /// <summary>A connection that lasted this long was a good one: the delays start over.</summary>
    public static readonly TimeSpan GoodConnection = TimeSpan.FromMinutes(1);

    /// <summary>A server that says that it restarts, and kept the connection this long, is back in a moment as a rule.</summary>
    public static readonly TimeSpan FairConnection = TimeSpan.FromSeconds(10);

    private const int CloneThreshold = 3;

    private readonly AgentOptions _options = context.Options;
    private readonly TimeProvider _time = context.Time;
    private readonly ILogger _logger = context.CreateLogger<ServerLink>();
    private readonly AgentLoops _loops = context.Loops;
    private readonly Backoff _backoff = Backoff.ToServer(context.Options.ReconnectInitial, context.Options.ReconnectMax, context.Random);
    private readonly FailureLog _failures = new();
    private readonly AsyncSignal _renewal = new();
    private bool _endWasReported = true;
    private bool _restartWasBelieved;
    private string? _permanentToken;
    private bool _preferRegistrationToken;
    private int _replacements;

    /// <summary>Runs until <paramref name="stopping"/> fires.</summary>
    /// <param name="onFrame">Gets every text frame from the server; must return at once.</param>
    /// <param name="finishing">Waits for the operations that run when the agent is told to stop.</param>
    /// <param name="stopping">Ends it in good order.</param>
    public async Task RunAsync(Action<ReadOnlyMemory<byte>> onFrame, Func<Task> finishing, CancellationToken stopping)
    {
        ServerWarnings.Write(_options, _logger);
        _permanentToken = _options.PermanentToken ?? tokens.ReadPermanentToken();
        dialer.Tokens.Add(_permanentToken);
        while (!stopping.IsCancellationRequested)
        {
            _loops.Link.Running();
            var delay = await ConnectOnceAsync(onFrame, finishing, stopping);
            _loops.Link.Idle();
            try
            {
                await Task.Delay(delay, _time, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Has the agent register anew, because what it registers with has changed. A try that has not begun yet does so anyhow.</summary>
    public void Renew() => _renewal.Set();

    /// <summary>One try, from the dial to the end of the connection.</summary>
    /// <returns>How long to wait before the next.</returns>
    private async Task<TimeSpan> ConnectOnceAsync(Action<ReadOnlyMemory<byte>> onFrame, Func<Task> finishing, CancellationToken stopping)
    {
        try
        {
            _renewal.TryReset();
            // The engine id is half of the registration, and only the engine knows it.
            var token = ChooseToken();
            var request = await describe(token, stopping);
            var socket = await dialer.DialAsync(ProtocolLimits.ControlPath, bearer: null, stopping);
            var (connection, auth) = await ServerConnection.RegisterAsync(socket, request, _time, _logger, stopping, _loops);
            using (connection)
            {
                context.Audit.Noted(new AuditEntry(AuditAction.Registration) { Subject = $"host {auth.HostId}" }, error: null);
                KeepToken(auth.PermanentToken);
                void SayConnected() => Log.Connected(_logger, _options.ServerUrl.Authority, request.Hostname, auth.HostId);
                if (_endWasReported)
                {
                    SayConnected();
                }

                outbound.Reset();
                state.SetConnected(auth);
                var started = _time.GetTimestamp();
                _loops.Link.Idle();
                var running = connection.RunAsync(onFrame, outbound, finishing, _renewal, stopping);
                if (!_endWasReported && await LastsAsync(running))
                {
                    SayConnected();
                }

                var end = await running;
                _loops.Link.Running();
                state.SetDisconnected();
                return stopping.IsCancellationRequested ? TimeSpan.Zero : AfterConnection(end, _time.GetElapsedTime(started));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        catch (RegistrationRejectedException e)
        {
            state.SetFailure(e.Message);
            return AfterRejection(e.Message);
        }
        catch (Exception e) when (e is DialException or EngineException)
        {
            state.SetFailure(e.Message);
            var delay = _backoff.Next();
            if (_failures.ShouldReport((e as DialException)?.Kind ?? e.Message, out var count))
            {
                Log.CannotConnect(_logger, e.Message, Math.Round(delay.TotalSeconds, 1), count);
            }

            return delay;
        }
        catch (Exception e) when (e is not ConfigurationException)
        {
            var reason = dialer.Tokens.Cut(e.Message);
            state.SetFailure(reason);
            // Whatever it is, an agent that goes on trying can still be told what to do; one that ended cannot.
            var delay = _backoff.Next();
            if (_failures.ShouldReport($"{e.GetType()}: {reason}", out var count))
            {
                Log.ConnectFailed(_logger, e, Math.Round(delay.TotalSeconds, 1), count);
            }

            return delay;
        }
        finally
        {
            state.SetDisconnected();
        }
    }

    /// <summary>Whether a connection becomes a good one.</summary>
    private async Task<bool> LastsAsync(Task running)
    {
        using var over = new CancellationTokenSource();
        var first = await Task.WhenAny(running, Task.Delay(GoodConnection, _time, over.Token));
        await over.CancelAsync();
        return first != running;
    }

    private TimeSpan AfterConnection(ConnectionEnd end, TimeSpan lasted)
    {
        if (end == ConnectionEnd.Renewal)
        {
            _endWasReported = true;
            Log.Renewing(_logger);
            return TimeSpan.Zero;
        }

        if (lasted >= GoodConnection)
        {
            _backoff.Reset();
            _failures.Clear();
            _restartWasBelieved = false;
        }
        else if ((int?)end.Closed is 1001 or 1012 or 1013 && (lasted >= FairConnection || !_restartWasBelieved))
        {
            // A server's ways to say that it restarts. One that says so again and again without ever lasting is believed once.
            _backoff.Reset();
            _restartWasBelieved |= lasted < FairConnection;
        }

        state.SetFailure("the connection ended: " + end.Reason);
        var delay = CountReplacement(end, lasted) ? _options.ReconnectMax : _backoff.Next();
        _endWasReported = _failures.ShouldReport(end.Reason, out var count);
        if (_endWasReported)
        {
            Log.ConnectionEnded(_logger, (long)lasted.TotalSeconds, end.Reason, Math.Round(delay.TotalSeconds, 1), count);
        }

        return delay;
    }

    /// <summary>Whether another agent keeps taking this one's place.</summary>
    private bool CountReplacement(ConnectionEnd end, TimeSpan lasted)
    {
        // A clone comes back after the longest delay at the latest: what lasted longer knows of none.
        _replacements = lasted > _options.ReconnectMax + GoodConnection ? 0 : _replacements;
        _replacements = end.Replaced ? _replacements + 1 : _replacements;
        if (end.Replaced && _replacements >= CloneThreshold && BitOperations.IsPow2(_replacements - CloneThreshold + 1))
        {
            Log.Cloned(_logger, _replacements);
        }

        return _replacements >= CloneThreshold;
    }

    private TimeSpan AfterRejection(string reason)
    {
        // The host may have been deleted on the server, and the user gave a new token for the old volume.
        if (!_preferRegistrationToken && _permanentToken is not null && _options.PermanentToken is null && _options.RegistrationToken is not null)
        {
            _preferRegistrationToken = true;
            Log.TryingRegistrationToken(_logger);
            return TimeSpan.Zero;
        }

        _preferRegistrationToken = false;
        if (_failures.ShouldReport(reason, out var count))
        {
            context.Audit.Noted(new AuditEntry(AuditAction.Registration), "refused by the server: " + reason);
            Log.Rejected(_logger, reason.TrimEnd('.'), RegistrationErrors.GetAdvice(reason), Math.Round(_options.ReconnectMax.TotalSeconds, 1), count);
        }

        return _options.ReconnectMax;
    }

    private string ChooseToken() =>
        (_preferRegistrationToken ? _options.RegistrationToken : _permanentToken ?? _options.RegistrationToken)
        ?? throw new ConfigurationException(new(
            "REGISTRATION_TOKEN",
            "REGISTRATION_TOKEN is not set and no permanent token is stored",
            "make a registration token on the server and set it"));

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "Whatever keeps the token from the disk, the one-time token is spent: going on with it in memory is all that helps.")]
    private void KeepToken(string token)
    {
        _preferRegistrationToken = false;
        if (token == _permanentToken)
        {
            return;
        }

        _permanentToken = token;
        try
        {
            tokens.SavePermanentToken(token);
            Log.TokenSaved(_logger, _options.DataPath);
        }
        catch (Exception e)
        {
            Log.TokenNotSaved(_logger, e.Message, _options.DataPath);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(100, LogLevel.Information, "Connected to {Server} as {Hostname}, host {HostId}")]
        public static partial void Connected(ILogger logger, string server, string hostname, string hostId);

        [LoggerMessage(101, LogLevel.Warning, "Connection ended after {Seconds} s: {Reason}. Next try in {Delay} s (short connections with this end: {Count})")]
        public static partial void ConnectionEnded(ILogger logger, long seconds, string reason, double delay, int count);

        [LoggerMessage(102, LogLevel.Warning, "Cannot connect: {Reason}. Next try in {Delay} s (failed tries for this reason: {Count})")]
        public static partial void CannotConnect(ILogger logger, string reason, double delay, int count);

        [LoggerMessage(103, LogLevel.Error, "The server refused this agent: {Reason}. {Remedy} Next try in {Delay} s (refusals: {Count})")]
        public static partial void Rejected(ILogger logger, string reason, string remedy, double delay, int count);

        [LoggerMessage(104, LogLevel.Error, "Another agent keeps taking this agent's place on the server ({Count} times): two machines were probably "
        + "cloned from one image and share an engine id. "
            + "Give one of them its own name by AGENT_NAME and set FORCE_UNIQUE_REGISTRATION=true, or delete /var/lib/docker/engine-id (older: "
            + "/etc/docker/key.json) on it and restart its Docker")]
        public static partial void Cloned(ILogger logger, int count);

        [LoggerMessage(127, LogLevel.Information, "The connection was closed to register anew: what this host offers the server has changed")]
        public static partial void Renewing(ILogger logger);

        [LoggerMessage(109, LogLevel.Information, "Registered; the permanent token is kept in {Path}")]
        public static partial void TokenSaved(ILogger logger, string path);

        [LoggerMessage(110, LogLevel.Error, "The permanent token could not be saved ({Reason}). It is used until the agent stops; make {Path} writable "
            + "before then, or the agent has to be registered anew")]
        public static partial void TokenNotSaved(ILogger logger, string reason, string path);

        [LoggerMessage(111, LogLevel.Warning, "The stored permanent token was refused; trying REGISTRATION_TOKEN")]
        public static partial void TryingRegistrationToken(ILogger logger);

        [LoggerMessage(116, LogLevel.Error, "Connecting failed with an unexpected error. Next try in {Delay} s (failed tries for this reason: {Count})")]
        public static partial void ConnectFailed(ILogger logger, Exception exception, double delay, int count);
    }
}
