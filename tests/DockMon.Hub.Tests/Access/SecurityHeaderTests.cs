using System.Net;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access;

public sealed class SecurityHeaderTests : HubTests
{
    [Theory]
    [InlineData("/health", HttpStatusCode.OK)]
    [InlineData("/api/hosts", HttpStatusCode.OK)]
    [InlineData("/api/hosts/none", HttpStatusCode.NotFound)]
    [InlineData("/nothing", HttpStatusCode.NotFound)]
    [InlineData("/api/audit", HttpStatusCode.InternalServerError)]
    public async Task Every_answer_tells_browsers_what_not_to_do(string path, HttpStatusCode status)
    {
        await ExecuteAsync("DROP TABLE audit");
        using var answer = await Hub.Http.GetAsync(path, Token);
        answer.StatusCode.ShouldBe(status);
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("default-src 'self'");
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("frame-ancestors 'none'");
        answer.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
        answer.Headers.GetValues("Referrer-Policy").Single().ShouldBe("no-referrer");
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
    }

    [Fact]
    public async Task A_page_of_another_site_cannot_have_a_browser_change_anything()
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, HostPath);
        request.Headers.Add("Origin", "https://evil.example");
        using var answer = await Hub.Http.SendAsync(request, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await Hub.AskAsync(HttpMethod.Get, HostPath, null, Token)).Status.ShouldBe(HttpStatusCode.OK);
    }
}
