using System.Net;
using System.Text.RegularExpressions;
using DockMon.Hub.Page;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Page;

public sealed partial class PageEndpointTests : HubTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/hosts")]
    [InlineData("/containers/some/thing/logs?search=x")]
    [InlineData("/setup?token=x")]
    public async Task The_address_of_a_room_answers_the_page_to_anybody(string path)
    {
        NeedPage();
        using var http = new HttpClient { BaseAddress = Hub.Http.BaseAddress };
        using var answer = await http.GetAsync(path, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        answer.Headers.CacheControl!.NoCache.ShouldBeTrue();
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("default-src 'self'");
        (await answer.Content.ReadAsStringAsync(Token)).ShouldContain("<script type=\"module\" src=\"/assets/");
    }

    [Fact]
    public async Task Its_files_may_be_kept_for_good_and_come_compressed_to_who_reads_that()
    {
        NeedPage();
        using var http = new HttpClient { BaseAddress = Hub.Http.BaseAddress };
        var script = Script().Match(await http.GetStringAsync("/", Token)).Value;
        using var request = new HttpRequestMessage(HttpMethod.Get, script);
        request.Headers.AcceptEncoding.ParseAdd("gzip, br");
        using var compressed = await http.SendAsync(request, Token);
        using var plain = await http.GetAsync(script, Token);
        compressed.Content.Headers.ContentEncoding.ShouldBe(["br"]);
        plain.Content.Headers.ContentEncoding.ShouldBeEmpty();
        plain.Headers.CacheControl!.ToString().ShouldContain("immutable");
        plain.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");
        (await plain.Content.ReadAsByteArrayAsync(Token)).Length.ShouldBeGreaterThan((await compressed.Content.ReadAsByteArrayAsync(Token)).Length);
    }

    [Theory]
    [InlineData("/assets/none.js")]
    [InlineData("/assets/..%2findex.html")]
    public async Task What_is_no_file_is_not_found(string path)
    {
        using var answer = await Hub.Http.GetAsync(path, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static void NeedPage() =>
        Assert.SkipUnless(PageFiles.Load(typeof(HubApplication).Assembly).Any, "this hub was built before its page: ./test builds both");

    [GeneratedRegex("/assets/main-[A-Z0-9]+\\.js")]
    private static partial Regex Script();
}
