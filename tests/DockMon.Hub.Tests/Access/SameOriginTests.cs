using DockMon.Hub.Access;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access;

public sealed class SameOriginTests
{
    [Theory]
    [InlineData("GET", "https://evil.example", "cross-site", false, true)]
    [InlineData("HEAD", "https://evil.example", "cross-site", false, true)]
    [InlineData("GET", "https://evil.example", "cross-site", true, false)]
    [InlineData("CONNECT", "https://evil.example", null, false, false)]
    [InlineData("POST", null, null, false, true)]
    [InlineData("POST", null, "same-origin", false, true)]
    [InlineData("POST", null, "none", false, true)]
    [InlineData("POST", null, "same-site", false, false)]
    [InlineData("POST", null, "cross-site", false, false)]
    [InlineData("POST", "https://hub.example", null, false, true)]
    [InlineData("DELETE", "https://HUB.example", null, false, true)]
    [InlineData("POST", "https://hub.example:8443", null, false, false)]
    [InlineData("POST", "https://evil.example", null, false, false)]
    [InlineData("POST", "null", null, false, false)]
    [InlineData("GET", "https://hub.example", null, true, true)]
    [InlineData("GET", "https://evil.example", null, true, false)]
    [InlineData("GET", null, null, true, true)]
    public void Changes_and_WebSockets_of_other_sites_are_refused(string method, string? origin, string? site, bool upgrade, bool allowed)
    {
        var context = Request(method, "hub.example", origin);
        context.Request.Headers["Sec-Fetch-Site"] = site;
        context.Request.Headers.Upgrade = upgrade ? "websocket" : null;
        SameOrigin.Allows(context).ShouldBe(allowed);
    }

    [Theory]
    [InlineData("hub.example:443", "https://hub.example", true)]
    [InlineData("hub.example:8090", "http://hub.example:8090", true)]
    [InlineData("hub.example:8090", "http://hub.example:8091", false)]
    [InlineData("[::1]:8090", "http://[::1]:8090", true)]
    public void The_port_counts_unless_the_scheme_has_it_by_itself(string host, string origin, bool allowed) =>
        SameOrigin.Allows(Request("POST", host, origin)).ShouldBe(allowed);

    private static DefaultHttpContext Request(string method, string host, string? origin)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Host = new HostString(host);
        context.Request.Headers.Origin = origin;
        return context;
    }
}
