using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DockMon.Agent.Streams.HealthChecks;
using DockMon.Agent.Tests.Connection;
using DockMon.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.HealthChecks;

public sealed class HealthCheckerTests : IAsyncLifetime
{
    private readonly HealthChecker _checker = new(TimeProvider.System, NullLogger<HealthChecker>.Instance);
    private readonly TaskCompletionSource _released = new();
    private readonly ConcurrentQueue<string> _seen = new();
    private WebApplication _server = null!;
    private string _http = "";
    private string _https = "";

    public async ValueTask InitializeAsync()
    {
        using var key = ECDsa.Create();
        using var own = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(
            DateTimeOffset.UnixEpoch,
            DateTimeOffset.UnixEpoch.AddYears(100));
        var certificate = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
        });
        _server = builder.Build();
        _server.Map("/ok", () => "fine");
        _server.Map("/moved", () => Results.Redirect("/ok"));
        _server.Map("/to/{target}", (string target, HttpRequest request) => new Redirection(
            int.Parse(request.Query["status"].FirstOrDefault("302")!, CultureInfo.InvariantCulture),
            Target(target)));
        _server.Map("/seen", (HttpRequest request) =>
        {
            _seen.Enqueue($"{request.Method} {request.Host.Port == new Uri(_http).Port} {request.Headers.Authorization} {request.Headers["X-Key"]}");
            return Results.Ok();
        });
        _server.Map("/shout", (HttpContext context) =>
        {
            context.Response.StatusCode = 503;
            context.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = "Out \u00a0" + new string('x', 9_000);
        });
        _server.Map("/broken", () => Results.StatusCode(503));
        _server.Map("/never", (HttpContext context) => _released.Task.WaitAsync(context.RequestAborted));
        _server.Map("/endless", async (HttpContext context) =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[4096], context.RequestAborted);
            }
        });
        _server.Map("/what", (HttpRequest request) =>
            request.Method == "POST"
                && request.Headers.Authorization == "Basic dTpw"
                && request.Headers["X-Key"] == "k"
                && request.Headers.UserAgent == "me"
                && request.QueryString.Value == "?q=1"
                ? Results.Ok() : Results.StatusCode(400));
        _server.Map("/bearer", (HttpRequest request) => request.Headers.Authorization == "Bearer t" ? Results.Ok() : Results.StatusCode(401));
        await _server.StartAsync(TestContext.Current.CancellationToken);
        _http = _server.Urls.Single(url => url.StartsWith("http:", StringComparison.Ordinal));
        _https = _server.Urls.Single(url => url.StartsWith("https:", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        _released.TrySetResult();
        _checker.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("/ok", null, true, 200, true)]
    [InlineData("/ok", "204", true, 200, false)]
    [InlineData("/moved", null, true, 200, true)]
    [InlineData("/moved", null, false, 302, false)]
    [InlineData("/moved", "300-399", false, 302, true)]
    [InlineData("/broken", null, true, 503, false)]
    [InlineData("/broken", "200,500-599", true, 503, true)]
    [InlineData("/nosuch", null, true, 404, false)]
    [InlineData("/endless", null, true, 200, true)]
    public async Task The_status_decides(string path, string? expected, bool follow, int status, bool healthy)
    {
        var result = await CheckAsync(new() { Url = _http + path, ExpectedStatusCodes = expected, FollowRedirects = follow });
        result.StatusCode.ShouldBe(status);
        result.Healthy.ShouldBe(healthy);
        (result.ErrorMessage is null).ShouldBe(healthy);
        result.ContainerId.ShouldBe("c");
        result.HostId.ShouldBe("h");
    }

    [Fact]
    public async Task Method_headers_query_and_credentials_arrive()
    {
        var config = new HealthCheckConfig
        {
            Url = _http + "/what?q=1",
            Method = "post",
            HeadersJson = """{"X-Key":"k","user-agent":"me","Content-Type":"text/plain"}"""
        };
        (await CheckAsync(config with { AuthConfigJson = """{"type":"basic","username":"u","password":"p"}""" })).ErrorMessage.ShouldBeNull();
        (await CheckAsync(config with { Url = config.Url.Replace("//", "//u:p@", StringComparison.Ordinal) })).ErrorMessage.ShouldBeNull();
        (await CheckAsync(new() { Url = _http + "/bearer", AuthConfigJson = """{"type":"bearer","token":"t"}""" })).ErrorMessage.ShouldBeNull();
    }

    [Fact]
    public async Task A_certificate_nobody_vouches_for_fails_unless_verification_is_off()
    {
        var refused = await CheckAsync(new() { Url = _https + "/ok" });
        refused.StatusCode.ShouldBeNull();
        refused.ErrorMessage.ShouldNotBeNull().ShouldContain("TLS: ");
        (await CheckAsync(new() { Url = _https + "/ok", VerifySsl = false })).Healthy.ShouldBeTrue();
    }

    [Fact]
    public async Task No_answer_in_time_is_unhealthy_and_says_so_without_user_and_query()
    {
        var result = await CheckAsync(new()
        {
            Url = _http.Replace("//", "//me:s3cret@", StringComparison.Ordinal) + "/never?token=s3cret",
            TimeoutSeconds = 0.2
        });
        result.Healthy.ShouldBeFalse();
        result.StatusCode.ShouldBeNull();
        result.ErrorMessage.ShouldBe($"GET {_http}/never: no answer within 0.2 s (timeout)");
    }

    [Fact]
    public async Task A_refused_connection_and_an_unknown_name_are_unhealthy()
    {
        (await CheckAsync(new() { Url = $"http://127.0.0.1:{DockMon.Testing.FreePort.Next()}/x?s3cret" })).ErrorMessage
            .ShouldNotBeNull()
            .ShouldContain("refused");
        (await CheckAsync(new() { Url = "http://no-such-host.invalid/x?s3cret" })).ErrorMessage.ShouldNotBeNull().ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task A_proxys_password_is_not_in_the_result()
    {
        var secret = RefusingProxy.Use();
        var result = await CheckAsync(new() { Url = $"https://{RefusingProxy.Host}/ok" });
        result.ErrorMessage.ShouldNotBeNull().ShouldContain("proxy 'http://127.0.0.1:");
        result.ErrorMessage.ShouldContain("403");
        result.ErrorMessage.ShouldNotContain(secret);
    }

    [Fact]
    public async Task A_wrong_configuration_is_a_result()
    {
        var result = await CheckAsync(new() { Url = _http + "/ok", ExpectedStatusCodes = "fine" });
        result.Healthy.ShouldBeFalse();
        result.ErrorMessage.ShouldNotBeNull().ShouldContain("expected_status_codes: \"fine\"");
    }

    [Fact]
    public async Task A_redirect_to_another_host_is_not_followed_and_shows_it_nothing()
    {
        var result = await CheckAsync(Secret(_http + "/to/other-host"));
        result.Healthy.ShouldBeFalse();
        result.StatusCode.ShouldBe(302);
        result.ErrorMessage.ShouldNotBeNull().ShouldContain("unexpected status 302 Found (it leads to another host, localhost, which is not followed");
        _seen.ShouldBeEmpty();
        (await CheckAsync(Secret(_http + "/to/other-host") with { ExpectedStatusCodes = "302" })).Healthy.ShouldBeTrue();
    }

    [Fact]
    public async Task Another_port_of_the_host_is_asked_without_what_was_not_meant_for_it()
    {
        (await CheckAsync(Secret(_http + "/to/same-service"))).Healthy.ShouldBeTrue();
        (await CheckAsync(Secret(_http + "/to/other-port") with { VerifySsl = false })).Healthy.ShouldBeTrue();
        _seen.ShouldBe(["GET True Bearer t k", "GET False  "]);
    }

    [Theory]
    [InlineData("POST", 302, "GET")]
    [InlineData("POST", 303, "GET")]
    [InlineData("POST", 307, "POST")]
    [InlineData("PUT", 301, "PUT")]
    [InlineData("HEAD", 303, "HEAD")]
    public async Task The_method_follows_as_it_does_elsewhere(string method, int status, string then)
    {
        (await CheckAsync(new() { Url = $"{_http}/to/same-service?status={status}", Method = method })).Healthy.ShouldBeTrue();
        _seen.ShouldHaveSingleItem().ShouldStartWith(then + " ");
    }

    [Fact]
    public async Task A_circle_of_redirects_has_an_end()
    {
        var result = await CheckAsync(new() { Url = _http + "/to/itself" });
        result.StatusCode.ShouldBe(302);
        result.ErrorMessage.ShouldNotBeNull().ShouldContain("more than 10 redirects");
    }

    [Fact]
    public async Task A_redirect_without_TLS_is_not_followed() =>
        (await CheckAsync(new() { Url = _https + "/to/plain", VerifySsl = false })).ErrorMessage.ShouldNotBeNull().ShouldContain("from https to http");

    [Fact]
    public async Task What_a_service_says_of_itself_is_cut()
    {
        var error = (await CheckAsync(new() { Url = _http + "/shout" })).ErrorMessage.ShouldNotBeNull();
        error.ShouldStartWith($"GET {_http}/shout: unexpected status 503 Out ");
        error.Length.ShouldBeLessThan(300);
    }

    [Theory]
    [InlineData("a\u001b[2Jb\r\nc\u202ed", 200, "a[2Jbcd")]
    [InlineData("abcdef", 3, "abc…")]
    [InlineData("ab🐳", 3, "ab…")]
    public void What_others_say_has_nothing_in_it_that_moves_a_cursor(string text, int most, string shown) => Visible.Cut(text, most).ShouldBe(shown);

    private static HealthCheckConfig Secret(string url) =>
        new() { Url = url, HeadersJson = """{"X-Key":"k"}""", AuthConfigJson = """{"type":"bearer","token":"t"}""" };

    private string Target(string target) => target switch
    {
        "other-host" => _http.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) + "/seen",
        "other-port" => _https + "/seen",
        "plain" => _http + "/seen",
        "itself" => "/to/itself",
        _ => "/seen",
    };

    private Task<HealthCheckResult> CheckAsync(HealthCheckConfig config) =>
        _checker.CheckAsync(HealthCheck.From(config with { ContainerId = "c", HostId = "h" }), TestContext.Current.CancellationToken);

    private sealed class Redirection(int status, string target) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            (httpContext.Response.StatusCode, httpContext.Response.Headers.Location) = (status, target);
            return Task.CompletedTask;
        }
    }
}
