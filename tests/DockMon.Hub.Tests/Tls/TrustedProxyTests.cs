using System.Net;
using DockMon.Hub.Tls;
using DockMon.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Tls;

public sealed class TrustedProxyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.0/8", "192.0.2.7", "192.0.2.7 https")]
    [InlineData("127.0.0.1", "192.0.2.7", "192.0.2.7 https")]
    [InlineData("127.0.0.1, 10.0.0.0/8", "192.0.2.7, 10.1.2.3", "192.0.2.7 https")]
    [InlineData("127.0.0.1", "192.0.2.7, 10.1.2.3", "10.1.2.3 https")]
    [InlineData("10.0.0.0/8", "192.0.2.7", "127.0.0.1 http")]
    [InlineData("", "192.0.2.7", "127.0.0.1 http")]
    public async Task What_a_proxy_says_counts_only_if_it_is_trusted(string trusted, string forwarded, string seen)
    {
        using var folder = new TemporaryFolder();
        await using var app = await HubApplication.BuildAsync(
            new HubOptions
            {
                Urls = "http://127.0.0.1:0",
                DataPath = folder.Path,
                AdminKey = HubFixture.AdminKey,
                LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
                TrustedProxies = TrustedProxies.Load(trusted),
            },
            ct: Token);
        app.MapGet("/test/seen", (HttpContext context) => Results.Text($"{context.Connection.RemoteIpAddress} {context.Request.Scheme}"));
        await app.StartAsync(Token);
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(app.Urls.Single()) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/test/seen");
        request.Headers.Add("X-Api-Key", HubFixture.AdminKey);
        request.Headers.Add("X-Forwarded-For", forwarded);
        request.Headers.Add("X-Forwarded-Proto", string.Join(", ", forwarded.Split(',').Select(_ => "https")));
        using var answer = await client.SendAsync(request, Token);
        (await answer.Content.ReadAsStringAsync(Token)).ShouldBe(seen);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void What_is_no_address_is_named() =>
        Should.Throw<ArgumentException>(() => TrustedProxies.Load("10.0.0.0/8, traefik")).Message.ShouldStartWith("HUB_TRUSTED_PROXIES has \"traefik\"");
}
