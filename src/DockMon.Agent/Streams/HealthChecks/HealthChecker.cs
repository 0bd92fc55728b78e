using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using DockMon.Agent.Connection;
using DockMon.Agent.Hosting;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>Runs one health check: one request, and whatever comes of it is a result. Proxy variables are the runtime's own business.</summary>
internal sealed class HealthChecker(TimeProvider time, ILogger<HealthChecker> logger) : IDisposable
{
    /// <summary>Most of a body that is taken off the connection before it is closed. Nothing ever looks at it.</summary>
    public const int BodyBytes = 64 * 1024;

    // Redirects and certificates are matters of the handler, not of the request: one for each way.
    private readonly Dictionary<(bool Follow, bool Verify), HttpMessageInvoker> _clients = new()
    {
        [(true, true)] = Client(follow: true, verify: true),
        [(true, false)] = Client(follow: true, verify: false),
        [(false, true)] = Client(follow: false, verify: true),
        [(false, false)] = Client(follow: false, verify: false),
    };

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
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever keeps a check from its answer is that check's result, not the agent's end.")]
    private async Task<(int? Status, string? Error)> AskAsync(HealthRequest request, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(request.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        var what = $"{request.Method} {request.PublicUrl}";
        try
        {
            using var message = Message(request);
            using var response = await _clients[(request.FollowRedirects, request.VerifyTls)].SendAsync(message, either.Token);
            var status = (int)response.StatusCode;
            return (status, request.Expected.Includes(status) ? null : $"{what}: unexpected status {status} {response.ReasonPhrase}".TrimEnd());
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested && limit.IsCancellationRequested)
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

    private static HttpRequestMessage Message(HealthRequest request)
    {
        var message = new HttpRequestMessage(request.Method, request.Url);
        message.Headers.TryAddWithoutValidation("User-Agent", "dockmon-agent/" + AgentVersion.Current);
        foreach (var (name, value) in request.Headers)
        {
            if (name.Equals("User-Agent", StringComparison.OrdinalIgnoreCase))
            {
                message.Headers.UserAgent.Clear(); // Two of them would be sent as one.
            }

            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content ??= new ByteArrayContent([]);
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        message.Headers.Authorization = request.Authorization ?? message.Headers.Authorization;
        return message;
    }

    private static HttpMessageInvoker Client(bool follow, bool verify) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = follow,
        MaxAutomaticRedirections = 10,
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
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } => "the host name cannot be resolved (DNS)",
            AuthenticationException => "TLS: " + cause.Message,
            _ => UserInfo.Remove(cause.Message),
        };
    }
}
