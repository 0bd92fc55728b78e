using System.Net;
using System.Net.Sockets;
using System.Text;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection.Dialing;

public sealed class DialerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("upstr", true)]
    [InlineData("upstream is down\n", false)]
    [InlineData("upstream is down", false)]
    public async Task A_refusal_is_told_whether_its_body_breaks_off_or_never_ends(string body, bool breaksOff)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dialer = new Dialer(new AgentOptions { ServerUrl = new Uri($"ws://{listener.LocalEndpoint}") });
        var dialing = dialer.DialAsync(ProtocolLimits.ControlPath, bearer: null, Token);
        using var accepted = await listener.AcceptTcpClientAsync(Token);
        using var reader = new StreamReader(accepted.GetStream(), leaveOpen: true);
        while (await reader.ReadLineAsync(Token) is { Length: > 0 })
        {
            // The request, so that nothing of it is unread when the connection is closed.
        }

        await accepted.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\n{body}"), Token);
        if (breaksOff)
        {
            accepted.Close();
        }

        var failure = await Should.ThrowAsync<DialException>(() => dialing);
        failure.Status.ShouldBe(503);
        failure.Message.ShouldContain("the server answered 503 Service Unavailable");
        failure.Message.Contains("upstream is down", StringComparison.Ordinal).ShouldBe(!breaksOff);
    }

    [Fact]
    public async Task Of_what_a_refusal_says_only_the_beginning_is_kept()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = (context, _) =>
        {
            context.Response.StatusCode = 503;
            return context.Response.WriteAsync(new string('x', 1000));
        };
        var dialer = new Dialer(new AgentOptions { ServerUrl = server.Url });
        var failure = await Should.ThrowAsync<DialException>(() => dialer.DialAsync(ProtocolLimits.ControlPath, bearer: null, Token));
        failure.Message.ShouldEndWith("xx…");
        failure.Message.Length.ShouldBeLessThan(400);
    }

    [Fact]
    public async Task Told_to_give_up_it_says_so_whatever_else_fails()
    {
        var dialer = new Dialer(new AgentOptions { ServerUrl = new Uri("ws://127.0.0.1:1") });
        await Should.ThrowAsync<OperationCanceledException>(() => dialer.DialAsync(
            ProtocolLimits.StatsPath,
            "not a\nheader",
            new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData(ProtocolLimits.ControlPath, null, 301)]
    [InlineData(ProtocolLimits.ControlPath, null, 302)]
    [InlineData(ProtocolLimits.ControlPath, null, 303)]
    [InlineData(ProtocolLimits.StatsPath, "secret", 307)]
    [InlineData(ProtocolLimits.StatsPath, "secret", 308)]
    public async Task A_redirect_is_told_and_not_followed(string path, string? bearer, int status)
    {
        await using var other = await ScriptedServer.StartAsync();
        await using var server = await ScriptedServer.StartAsync();
        var target = $"http://user:pass@127.0.0.1:{other.Url.Port}/login?next=secret";
        server.Script = (context, _) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = target;
            return Task.CompletedTask;
        };
        var dialer = new Dialer(new AgentOptions { ServerUrl = server.Url });
        var failure = await Should.ThrowAsync<DialException>(() => dialer.DialAsync(path, bearer, Token));
        failure.Status.ShouldBe(status);
        failure.Message.ShouldContain($"the server answered {status}");
        failure.Message.ShouldContain($"sends to http://127.0.0.1:{other.Url.Port}/login, which is not followed");
        failure.Message.ShouldNotContain("secret");
        failure.Message.ShouldNotContain("pass@");
        server.Connections.ShouldBe(1);
        other.Connections.ShouldBe(0);
    }

    [Theory]
    [InlineData("/login", "https://dockmon.example/login")]
    [InlineData("//elsewhere.example/x?y=1#z", "https://elsewhere.example/x")]
    public void Where_a_redirect_leads_is_told_without_what_may_be_secret(string location, string told) =>
        Dialer.Elsewhere(new Uri(location, UriKind.RelativeOrAbsolute), new Uri("wss://dockmon.example/api/agent/ws")).ShouldBe(told);

    [Theory]
    [InlineData("wss://far.example/x", "the name of the proxy proxy.example")]
    [InlineData("wss://near.example/x", "the host name")]
    public void A_name_that_cannot_be_resolved_is_that_of_the_proxy_where_there_is_one(string endpoint, string told)
    {
        var system = new WebProxy("http://me:secret@proxy.example:3128", BypassOnLocal: false, ["near"]);
        Dialer.Unresolved(new Uri(endpoint), system).ShouldBe(told);
        Dialer.Unresolved(new Uri(endpoint), new WebProxy()).ShouldBe("the host name");
    }

    [Fact]
    public async Task A_server_that_takes_the_connection_and_says_nothing_is_a_timeout()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dialer = new Dialer(new AgentOptions { ServerUrl = new Uri($"ws://{listener.LocalEndpoint}") }, limit: TimeSpan.FromSeconds(0.4));
        (await Should.ThrowAsync<DialException>(() => dialer.DialAsync(ProtocolLimits.ControlPath, bearer: null, Token)))
            .Message.ShouldBe($"ws://{listener.LocalEndpoint}: timeout: no answer within 0.4 s");
    }

    [Fact]
    public async Task A_connection_that_nobody_takes_is_a_timeout_of_its_own()
    {
        // With nobody who takes them and no room for more, the kernel drops what comes.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        using var first = new TcpClient();
        await first.ConnectAsync((IPEndPoint)listener.LocalEndPoint!, Token);
        var dialer = new Dialer(new AgentOptions { ServerUrl = new Uri($"ws://{listener.LocalEndPoint}") }, limit: TimeSpan.FromSeconds(0.6));
        (await Should.ThrowAsync<DialException>(() => dialer.DialAsync(ProtocolLimits.ControlPath, bearer: null, Token)))
            .Message.ShouldBe($"ws://{listener.LocalEndPoint}: timeout: nobody took the connection within 0.3 s");
    }
}
