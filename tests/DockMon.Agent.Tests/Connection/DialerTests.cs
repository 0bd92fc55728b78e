using System.Net;
using System.Net.Sockets;
using System.Text;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

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
        using var dialer = new Dialer(new AgentOptions { ServerUrl = new Uri($"ws://{listener.LocalEndpoint}") });
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
    public async Task Told_to_give_up_it_says_so_whatever_else_fails()
    {
        using var dialer = new Dialer(new AgentOptions { ServerUrl = new Uri("ws://127.0.0.1:1") });
        await Should.ThrowAsync<OperationCanceledException>(() => dialer.DialAsync(ProtocolLimits.StatsPath, "not a\nheader", new CancellationToken(canceled: true)));
    }
}
