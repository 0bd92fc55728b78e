using System.Net.WebSockets;
using System.Security.Authentication;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Doctor.Advice;
using DockMon.Protocol;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>
/// One connection to the server, made as the agent makes it, and what it shows: TLS, the WebSocket, the server's clock. Nothing is registered.
/// </summary>
internal sealed class DialChecks(DoctorConfiguration configuration, ServerRoute route, AddressChecks addresses, TimeProvider time) : IDisposable
{
    private static readonly string[] ServerVariables = ["SERVER_CA_FILE", "SERVER_PIN"];
    private static readonly string[] ClientVariables = ["CLIENT_CERT_FILE", "CLIENT_KEY_FILE"];
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SkewNoticed = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SkewBorne = TimeSpan.FromMinutes(5);

    // Shorter than the limit of a check, so that the check can report what was seen until then. The agent itself waits longer.
    private static readonly TimeSpan DialLimit = CheckRunner.Limit - TimeSpan.FromSeconds(1);

    private readonly AgentOptions _options = configuration.Options;
    private readonly DialTrace _trace = new();
    private readonly CancellationTokenSource _stop = new();
    private Task<Exception?>? _dial;
    private DateTimeOffset _answered;

    public IEnumerable<Check> All() =>
    [
        new("tls", ["tcp"], TlsAsync),
        new("client_certificate", ["tls"], ClientCertificateAsync),
        new("websocket", ["tls", "client_certificate"], UpgradeAsync),
        new("clock", ["tls"], ClockAsync),
    ];

    public void Dispose() => _stop.Dispose();

    private async Task<CheckResult> TlsAsync(CancellationToken ct)
    {
        if (!route.IsTls)
        {
            return addresses.Addresses.All(ServerRoute.IsPrivate) && route.Proxy is null
                ? CheckResult.Ok($"{ServerAddress.NotEncrypted}, and stays inside a private network")
                : CheckResult.Warning($"{ServerAddress.NotEncrypted}: {ServerAddress.NotEncryptedRisk}", ServerAddress.NotEncryptedRemedy);
        }

        if (Array.Find(ServerVariables, configuration.IsRefused) is { } refused)
        {
            return CheckResult.Skipped($"{refused} cannot be used");
        }

        var failure = await DialAsync(ct);
        if (_trace.Certificate is { } certificate)
        {
            return TlsAdvice.Judge(certificate, route.Endpoint.IdnHost, _options, time.GetUtcNow());
        }

        return failure is null ? CheckResult.Ok("TLS works")
            : Tunnel(failure)
            ?? (Cause<AuthenticationException>(failure) is null
                ? CheckResult.Failed(
                    failure.Message,
                    "check whether the server, or the proxy in front of it, speaks TLS on this port; if not, write ws:// in DOCKMON_URL, or the port that does")
                : CheckResult.Failed(failure.Message, "the port does not seem to speak TLS: write ws:// in DOCKMON_URL, or the port that does"));
    }

    private async Task<CheckResult> ClientCertificateAsync(CancellationToken ct)
    {
        if (!route.IsTls)
        {
            return CheckResult.Ok("none, because the connection is without TLS");
        }

        if (Array.Find(ClientVariables, configuration.IsRefused) is { } refused)
        {
            return CheckResult.Skipped($"{refused} cannot be used");
        }

        var failure = await DialAsync(ct);
        var (certificateFile, keyFile) = (_options.Identity.ClientCertFile, _options.Identity.ClientKeyFile);
        if (certificateFile is null || keyFile is null)
        {
            return ClientCertificateAdvice.Missing(_trace.ClientCertificateAsked, failure);
        }

        var own = CertificateFiles.ReadClient(certificateFile, keyFile, time.GetUtcNow());
        return ClientCertificateAdvice.Judge(own.Certificate, keyFile, failure, time.GetUtcNow());
    }

    private async Task<CheckResult> UpgradeAsync(CancellationToken ct)
    {
        var failure = await DialAsync(ct);
        if (failure is null)
        {
            return CheckResult.Ok($"opened at /{route.Endpoint.AbsolutePath.TrimStart('/')}");
        }

        return failure is DialException { Status: { } status }
            ? CheckResult.Failed(failure.Message, UpgradeAdvice.Remedy(status, _trace.Location, route.Endpoint))
            : Tunnel(failure) ?? CheckResult.Failed(failure.Message, route.IsTls
                ? "something accepts the connection and does not answer: see the log of the server and of the proxy in front of it"
                : "something accepts the connection and does not answer: see the server's log; if the port speaks TLS, write wss:// in DOCKMON_URL");
    }

    private async Task<CheckResult> ClockAsync(CancellationToken ct)
    {
        await DialAsync(ct);
        if (_trace.ServerTime is not { } serverTime)
        {
            return CheckResult.Skipped("the server did not send its time");
        }

        var skew = _answered - serverTime;
        var (size, direction) = (skew.Duration(), skew > TimeSpan.Zero ? "ahead of" : "behind");
        // The header has whole seconds.
        return size < TimeSpan.FromSeconds(2) ? CheckResult.Ok("the same as the server's")
            : size <= SkewNoticed ? CheckResult.Ok($"{size.TotalSeconds:0} s {direction} the server's")
            : new CheckResult(
                size > SkewBorne ? CheckStatus.Failed : CheckStatus.Warning,
                $"{Duration.Format(TimeSpan.FromSeconds(Math.Round(size.TotalSeconds)))} {direction} the server's: "
                + "events and statistics get wrong times, and valid certificates may be refused",
                "synchronise the clocks of this machine and of the server with NTP (timedatectl set-ntp true; timedatectl status)");
    }

    /// <summary>Connects at the first call.</summary>
    /// <returns>The failure; null when there was none.</returns>
    private async Task<Exception?> DialAsync(CancellationToken ct) => await (_dial ??= DialOnceAsync()).WaitAsync(ct);

    private async Task<Exception?> DialOnceAsync()
    {
        _stop.CancelAfter(DialLimit);
        var dialer = new Dialer(_options, _trace);
        try
        {
            using var socket = await dialer.DialAsync(ProtocolLimits.ControlPath, bearer: null, _stop.Token);
            _answered = time.GetUtcNow();
            await CloseAsync(socket.WebSocket);
            return null;
        }
        catch (OperationCanceledException)
        {
            return new TimeoutException($"{route.Endpoint.Authority} did not answer within {DialLimit.TotalSeconds:0} s (timeout)");
        }
        catch (DialException e)
        {
            _answered = time.GetUtcNow();
            return e;
        }
    }

    /// <summary>Closes the WebSocket normally, so that the server does not log a broken connection.</summary>
    private static async Task CloseAsync(WebSocket socket)
    {
        using var limit = new CancellationTokenSource(CloseLimit);
        try
        {
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "dockmon-agent doctor", limit.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // It opened, which is all that is checked.
        }
    }

    private CheckResult? Tunnel(Exception failure) => Cause<HttpRequestException>(failure) is { HttpRequestError: HttpRequestError.ProxyTunnelError } refused
        ? CheckResult.Failed($"the proxy {route.Proxy?.Authority} refuses the connection{(refused.StatusCode is { } status ? $": {(int)status}" : "")}",
            (int?)refused.StatusCode == 407
                ? UpgradeAdvice.Remedy(407, null, route.Endpoint)
                : $"allow CONNECT to {route.Endpoint.Authority} on the proxy, or exclude the server from it: NO_PROXY={route.Endpoint.IdnHost}")
        : null;

    private static T? Cause<T>(Exception failure)
        where T : Exception
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is T wanted)
            {
                return wanted;
            }
        }

        return null;
    }
}
