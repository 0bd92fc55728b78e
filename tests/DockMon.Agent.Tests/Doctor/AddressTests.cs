using System.Net;
using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Checks;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor;

public sealed class AddressTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.16.0.1", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("192.168.1.1", true)]
    [InlineData("100.100.1.1", true)]
    [InlineData("100.128.1.1", false)]
    [InlineData("8.8.8.8", false)]
    [InlineData("::1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("2001:db8::1", false)]
    [InlineData("::ffff:10.0.0.1", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    public void A_private_address_is_known_from_a_public_one(string address, bool isPrivate)
    {
        ServerRoute.IsPrivate(IPAddress.Parse(address)).ShouldBe(isPrivate);
    }

    [Fact]
    public void A_proxy_is_the_one_that_is_connected_to_and_shows_no_password()
    {
        var route = RouteTo("wss://dockmon.example.com/prefix", new WebProxy("http://user:secret@proxy:3128"));
        route.Endpoint.ToString().ShouldBe("wss://dockmon.example.com/prefix/api/agent/ws");
        (route.Host, route.Port).ShouldBe(("proxy", 3128));
        route.Proxy!.ToString().ShouldBe("http://proxy:3128/");
    }

    [Fact]
    public void A_proxy_that_is_bypassed_is_none()
    {
        var route = RouteTo("wss://dockmon.example.com", new WebProxy("http://proxy:3128", BypassOnLocal: false, ["dockmon\\.example\\.com"]));
        route.Proxy.ShouldBeNull();
        (route.Host, route.Port).ShouldBe(("dockmon.example.com", 443));
    }

    [Theory]
    [InlineData("ws://8.8.8.8", nameof(CheckStatus.Warning))]
    [InlineData("ws://192.168.1.5", nameof(CheckStatus.Ok))]
    public async Task Without_TLS_a_public_address_is_a_warning(string url, string status)
    {
        var configuration = DoctorConfiguration.Read(name => name == "DOCKMON_URL" ? url : null);
        var route = ServerRoute.Find(configuration.Options, new WebProxy());
        var addresses = new AddressChecks(configuration, route, inContainer: false, _ => null, TimeProvider.System);
        using var dial = new DialChecks(configuration, route, addresses, TimeProvider.System);
        await addresses.All().Single(check => check.Name == "dns").LookAsync(CancellationToken.None);
        (await dial.All().Single(check => check.Name == "tls").LookAsync(CancellationToken.None)).Status.ToString().ShouldBe(status);
    }

    private static ServerRoute RouteTo(string url, IWebProxy proxy) =>
        ServerRoute.Find(DoctorConfiguration.Read(name => name == "DOCKMON_URL" ? url : null).Options, proxy);
}
