using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using DockMon.Agent.Connection;
using DockMon.Agent.Hosting;
using DockMon.Agent.Threading;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>Runs one health check: one request, and whatever comes of it is a result. Proxy variables are the runtime's own business.</summary>
internal sealed partial class HealthChecker(TimeProvider time, ILogger<HealthChecker> logger) : IDisposable
{
    /// <summary>Most of a body that is taken off the connection before it is closed. Nothing ever looks at it.</summary>
    public const int BodyBytes = 64 * 1024;

    /// <summary>Most characters of what the service, or whoever is in its place, says of itself.</summary>
    public const int WordsLength = 200;

    // Certificates are a matter of the handler, not of the request.
    private readonly HttpMessageInvoker _verifying = Client(verify: true);
    private readonly HttpMessageInvoker _trusting = Client(verify: false);

    /// <summary>Runs it.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> fired.</exception>
    public async Task<HealthCheckResult> CheckAsync(HealthCheck check, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var (status, error) = check.Request is { } request ? await AskAsync(request, ct) : (null, check.Error);
        return new HealthCheckResult
        {
            ContainerId = check.Config.ContainerId ?? "",
            HostId = check.Config.HostId,
            Healthy = error is null,
            StatusCode = status,
            ResponseTimeMs = check.Request is null ? 0 : (long)time.GetElapsedTime(started).TotalMilliseconds,
            ErrorMessage = error,
            Timestamp = Rfc3339.Format(time.GetUtcNow()),
        };
    }

    public void Dispose()
    {
        _verifying.Dispose();
        _trusting.Dispose();
    }

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "Whatever keeps a check from its answer is that check's result, not the agent's end.")]
    private async Task<(int? Status, string? Error)> AskAsync(HealthRequest request, CancellationToken ct)
    {
        using var limit = new TimeLimit(request.Timeout, time, ct);
        var what = $"{request.Method} {request.PublicUrl}";
        try
        {
            var (status, words) = await FollowAsync(request, limit.Token);
            return (status, request.Expected.Includes(status) ? null : $"{what}: unexpected status {status} {words}".TrimEnd());
        }
        catch (OperationCanceledException) when (limit.IsOver)
        {
            return (null, $"{what}: no answer within {request.Timeout.TotalSeconds:0.###} s (timeout)");
        }
        catch (HttpRequestException e)
        {
            return (null, $"{what}: {Describe(e)}");
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Log.CheckBroke(logger, e, what);
            return (null, $"{what}: internal error: {e.GetType().Name}");
        }
    }

    private async Task<(int Status, string Words)> FollowAsync(HealthRequest request, CancellationToken ct)
    {
        var (url, method) = (request.Url, request.Method);
        for (var followed = 0; ; followed++)
        {
            using var message = Message(request, url, method);
            using var response = await (request.VerifyTls ? _verifying : _trusting).SendAsync(message, ct);
            var (next, whyNot) = request.FollowRedirects ? HealthRedirect.Find(response, url) : default;
            if (next is null || followed == HealthRedirect.Most)
            {
                whyNot ??= next is null ? null : $"that is more than {HealthRedirect.Most} redirects";
                return ((int)response.StatusCode, Visible.Cut(response.ReasonPhrase ?? "", WordsLength) + (whyNot is null ? "" : $" ({whyNot})"));
            }

            (url, method) = (next, HealthRedirect.Method(method, response.StatusCode));
        }
    }

    private static HttpRequestMessage Message(HealthRequest request, Uri url, HttpMethod method)
    {
        var message = new HttpRequestMessage(method, url);
        message.Headers.TryAddWithoutValidation("User-Agent", "dockmon-agent/" + AgentVersion.Current);
        if (!HealthRedirect.IsSameService(request.Url, url))
        {
            return message; // Another port is another service: the headers may be as secret as the credentials.
        }

        foreach (var (name, value) in request.Headers)
        {
            if (name.Equals("User-Agent", StringComparison.OrdinalIgnoreCase))
            {
                message.Headers.UserAgent.Clear(); // Two of them would be sent as one.
            }

            if (!message.Headers.TryAddWithoutValidation(name, value) && method == request.Method)
            {
                message.Content ??= new ByteArrayContent([]);
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        message.Headers.Authorization = request.Authorization ?? message.Headers.Authorization;
        return message;
    }

    private static HttpMessageInvoker Client(bool verify) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        // A new connection each time: a service that takes no new ones is not healthy, whatever its old ones say.
        PooledConnectionLifetime = TimeSpan.Zero,
        MaxResponseDrainSize = BodyBytes,
        ActivityHeadersPropagator = null,
        SslOptions = verify
            ? new SslClientAuthenticationOptions()
#pragma warning disable CA5359 // verify_ssl is off in this check: the user wants to know whether it answers, not who answers.
            : new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    });

    // The outermost message is "An error occurred"; what helps is at the bottom.
    private static string Describe(Exception exception)
    {
        var cause = exception;
        while (cause.InnerException is { } inner && cause is not SocketException and not AuthenticationException)
        {
            cause = inner;
        }

        return cause switch
        {
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } =>
                "the host name cannot be resolved (DNS)",
            SocketException { SocketErrorCode: SocketError.TimedOut } => "timeout: " + cause.Message,
            AuthenticationException => "TLS: " + Visible.Cut(cause.Message, WordsLength),
            _ => Visible.Cut(UserInfo.Remove(cause.Message), WordsLength),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(704, LogLevel.Error, "A health check broke: {What}")]
        public static partial void CheckBroke(ILogger logger, Exception exception, string what);
    }
}
