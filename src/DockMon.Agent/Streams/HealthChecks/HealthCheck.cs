using System.Net.Http.Headers;
using System.Text;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>What one check asks. A class and no record: what prints itself prints its secrets.</summary>
internal sealed class HealthRequest
{
    public required Uri Url { get; init; }

    public required HttpMethod Method { get; init; }

    public required ExpectedStatus Expected { get; init; }

    public TimeSpan Timeout { get; init; }

    public bool FollowRedirects { get; init; }

    public bool VerifyTls { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public AuthenticationHeaderValue? Authorization { get; init; }

    /// <summary>The URL as logs and errors may have it.</summary>
    public string PublicUrl => Url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
}

/// <summary>
/// A configuration, read once. One that is wrong is a check all the same: its result says what is wrong, where the user looks for it.
/// </summary>
internal sealed class HealthCheck
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);

    private const double DefaultTimeoutSeconds = 10;
    private const double LongestSeconds = 24 * 3600;

    private static readonly HashSet<string> Methods = new(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], StringComparer.OrdinalIgnoreCase);

    private HealthCheck(HealthCheckConfig config, HealthRequest? request, TimeSpan interval, string? error)
    {
        Config = config;
        Request = request;
        Interval = interval;
        Error = error;
    }

    /// <summary>What the server said.</summary>
    public HealthCheckConfig Config { get; }

    /// <summary>What to ask; null when <see cref="Error"/> says why not.</summary>
    public HealthRequest? Request { get; }

    public TimeSpan Interval { get; }

    public string? Error { get; }

    public bool Enabled => Config.Enabled ?? true;

    /// <summary>Reads a configuration.</summary>
    /// <param name="config">As the server sent it.</param>
    /// <param name="error">What is known to be wrong with it already.</param>
    public static HealthCheck From(HealthCheckConfig config, string? error = null)
    {
        var interval = DefaultInterval;
        try
        {
            interval = Seconds("check_interval_seconds", config.CheckIntervalSeconds ?? DefaultInterval.TotalSeconds, minimum: 1);
            return error is null ? new HealthCheck(config, Read(config), interval, null) : new HealthCheck(config, null, interval, error);
        }
        catch (FormatException e)
        {
            return new HealthCheck(config, null, interval, error ?? "invalid health check: " + e.Message);
        }
    }

    private static HealthRequest Read(HealthCheckConfig config)
    {
        if (!Uri.TryCreate(config.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new FormatException("url is not a URL with http:// or https://");
        }

        var method = string.IsNullOrWhiteSpace(config.Method) ? "GET" : config.Method.Trim();
        return new HealthRequest
        {
            Url = url,
            Method = Methods.Contains(method)
                ? HttpMethod.Parse(method.ToUpperInvariant())
                : throw new FormatException("method is not one of " + string.Join(", ", Methods)),
            Expected = ExpectedStatus.Parse(config.ExpectedStatusCodes),
            Timeout = Seconds("timeout_seconds", config.TimeoutSeconds ?? DefaultTimeoutSeconds, minimum: 0.001),
            FollowRedirects = config.FollowRedirects ?? true,
            VerifyTls = config.VerifySsl ?? true,
            Headers = HealthCredentials.Headers(config.HeadersJson),
            Authorization = HealthCredentials.Authorization(config.AuthConfigJson) ?? FromUserInfo(url),
        };
    }

    private static AuthenticationHeaderValue? FromUserInfo(Uri url) =>
        url.UserInfo.Length == 0 ? null : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(
            Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo.Contains(':', StringComparison.Ordinal) ? url.UserInfo : url.UserInfo + ":"))));

    private static TimeSpan Seconds(string name, double value, double minimum) =>
        value >= minimum && value <= LongestSeconds
            ? TimeSpan.FromSeconds(value)
            : throw new FormatException($"{name} is not between {minimum} and {LongestSeconds} seconds");
}
