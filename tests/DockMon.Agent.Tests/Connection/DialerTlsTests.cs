using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

/// <summary>Which servers an agent connects to, and what it shows them of itself: real handshakes on both sockets.</summary>
public sealed class DialerTlsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("Another authority of a test");
    private readonly ConcurrentQueue<string?> _shown = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _stranger.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_authorities_of_the_file_are_trusted_and_no_others()
    {
        await using var server = await StartAsync(_authority.Issue());
        await ConnectsAsync(server, new ServerIdentity { CaFile = _authority.PemFile });
        (await RefusesAsync(server, new ServerIdentity { CaFile = _stranger.PemFile })).ShouldContain("only the authorities in SERVER_CA_FILE are trusted");
        (await RefusesAsync(server, new ServerIdentity())).ShouldNotContain("SERVER_CA_FILE");
    }

    [Fact]
    public async Task Names_and_dates_count_with_an_authority()
    {
        await using var named = await StartAsync(_authority.Issue("dockmon.example"));
        await RefusesAsync(named, new ServerIdentity { CaFile = _authority.PemFile });
        await using var expired = await StartAsync(_authority.Issue(expired: true));
        await RefusesAsync(expired, new ServerIdentity { CaFile = _authority.PemFile });
    }

    [Fact]
    public async Task An_intermediate_certificate_that_a_server_does_not_send_may_be_in_the_file()
    {
        using var intermediate = new TestAuthority("Intermediate of a test", _authority);
        await using var server = await StartAsync(intermediate.Issue());
        await RefusesAsync(server, new ServerIdentity { CaFile = _authority.PemFile });
        await ConnectsAsync(server, new ServerIdentity { CaFile = _folder.Write("ca.pem", intermediate.Pem + "\n" + _authority.Pem) });
    }

    [Fact]
    public async Task An_authority_that_is_put_into_the_file_later_counts_at_the_next_dial()
    {
        await using var server = await StartAsync(_authority.Issue());
        var file = _folder.Write("ca.pem", _stranger.Pem);
        var dialer = Dialer(server, new ServerIdentity { CaFile = file });
        await RefusesAsync(dialer);

        _folder.Write("ca.pem", "-----BEGIN CERTIFICATE-----");
        (await RefusesAsync(dialer)).ShouldStartWith($"SERVER_CA_FILE is \"{file}\", which holds no certificate in PEM form");

        _folder.Write("ca.pem", _authority.Pem);
        await ConnectsAsync(dialer);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("another.example", false)]
    [InlineData(null, true)]
    public async Task A_pinned_key_is_accepted_whatever_else_its_certificate_says(string? name, bool expired)
    {
        using var certificate = TestAuthority.SelfSigned(name, expired);
        await using var server = await StartAsync(certificate);
        await RefusesAsync(server, new ServerIdentity());
        await ConnectsAsync(server, new ServerIdentity { Pins = [ServerPin.Of(certificate)] });
    }

    [Fact]
    public async Task A_key_that_is_not_pinned_is_refused_and_shown()
    {
        using var before = _authority.Issue();
        using var after = _authority.Issue();
        await using var server = await StartAsync(after);
        var identity = new ServerIdentity { Pins = [ServerPin.Of(before)] };
        var failure = await Should.ThrowAsync<DialException>(() => Dialer(server, identity).DialAsync(ProtocolLimits.ControlPath, null, Token));
        failure.Kind.ShouldEndWith("TLS: the server's key is not in SERVER_PIN");
        failure.Message.ShouldContain($"(it is {ServerPin.Of(after)})");

        await ConnectsAsync(server, new ServerIdentity { Pins = [ServerPin.Of(before), ServerPin.Of(after)] });
    }

    [Fact]
    public async Task With_pins_and_authorities_both_have_to_be_right()
    {
        using var certificate = _authority.Issue();
        using var other = _authority.Issue();
        await using var server = await StartAsync(certificate);
        await ConnectsAsync(server, new ServerIdentity { CaFile = _authority.PemFile, Pins = [ServerPin.Of(certificate)] });
        (await RefusesAsync(server, new ServerIdentity { CaFile = _authority.PemFile, Pins = [ServerPin.Of(other)] })).ShouldContain("not in SERVER_PIN");
        (await RefusesAsync(server, new ServerIdentity { CaFile = _stranger.PemFile, Pins = [ServerPin.Of(certificate)] }))
            .ShouldContain("the server's certificate is refused: RemoteCertificateChainErrors");

        await using var named = await StartAsync(_authority.Issue("another.example"));
        await RefusesAsync(named, new ServerIdentity { CaFile = _authority.PemFile, Pins = [ServerPin.Of(certificate)] });
    }

    [Fact]
    public async Task A_client_certificate_is_shown_where_one_is_demanded()
    {
        using var certificate = _authority.Issue();
        await using var server = await StartAsync(certificate, clients: _authority);
        var pinned = new ServerIdentity { Pins = [ServerPin.Of(certificate)] };
        (await RefusesAsync(server, pinned)).ShouldEndWith("; it asks for a client certificate: set CLIENT_CERT_FILE and CLIENT_KEY_FILE");
        (await RefusesAsync(server, WithClient(pinned, _stranger.IssueInto(_folder.File("stranger"))))).ShouldNotContain("it asks for");
        _shown.ShouldBeEmpty();

        await ConnectsAsync(server, WithClient(pinned, _authority.IssueInto(_folder.File("own"))));
        _shown.ShouldAllBe(shown => shown == ThumbprintIn(_folder.File("own")));
    }

    [Fact]
    public async Task A_client_certificate_that_is_renewed_is_shown_from_the_next_dial_on()
    {
        using var certificate = _authority.Issue();
        await using var server = await StartAsync(certificate, clients: _authority);
        var files = _authority.IssueInto(_folder.File("own"));
        var dialer = Dialer(server, WithClient(new ServerIdentity { Pins = [ServerPin.Of(certificate)] }, files));
        await ConnectsAsync(dialer);
        var first = ThumbprintIn(files);

        // Half renewed, it is neither.
        using (var other = new TestAuthority())
        {
            File.Copy(Path.Combine(other.IssueInto(_folder.File("other")), "key.pem"), Path.Combine(files, "key.pem"), overwrite: true);
        }

        (await RefusesAsync(dialer)).ShouldContain("which is not the key of the first certificate in CLIENT_CERT_FILE");
        _authority.IssueInto(files, expired: true);
        (await RefusesAsync(dialer)).ShouldContain("which expired on");

        _authority.IssueInto(files);
        _shown.Clear();
        await ConnectsAsync(dialer);
        _shown.ShouldAllBe(shown => shown == ThumbprintIn(files));
        _shown.ShouldNotContain(first);
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(403, true)]
    [InlineData(404, false)]
    [InlineData(503, false)]
    public async Task A_proxy_that_asks_for_a_certificate_and_answers_all_the_same_may_have_wanted_it(int status, bool hinted)
    {
        // As nginx does it: the handshake succeeds, and every request is answered with 400.
        using var certificate = _authority.Issue();
        await using var server = await ScriptedServer.StartAsync(certificate, _authority, demands: false);
        server.Script = (context, _) =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("<html>");
        };
        var dialer = Dialer(server, new ServerIdentity { Pins = [ServerPin.Of(certificate)] });
        var failure = await Should.ThrowAsync<DialException>(() => dialer.DialAsync(ProtocolLimits.ControlPath, null, Token));
        failure.LacksCertificate.ShouldBe(hinted);
        failure.Message.EndsWith(": <html>; it asks for a client certificate: set CLIENT_CERT_FILE and CLIENT_KEY_FILE", StringComparison.Ordinal)
            .ShouldBe(hinted);
        failure.IsTlsAlert.ShouldBeFalse();

        // The same to an agent that shows one: it may not be the one that is wanted.
        dialer = Dialer(server, WithClient(new ServerIdentity { Pins = [ServerPin.Of(certificate)] }, _authority.IssueInto(_folder.File($"own-{status}"))));
        failure = await Should.ThrowAsync<DialException>(() => dialer.DialAsync(ProtocolLimits.ControlPath, null, Token));
        failure.LacksCertificate.ShouldBeFalse();
        failure.Message.EndsWith("does not accept the certificate in CLIENT_CERT_FILE", StringComparison.Ordinal).ShouldBe(hinted);
    }

    [Fact]
    public async Task A_server_that_does_without_a_client_certificate_gets_none()
    {
        using var certificate = _authority.Issue();
        await using var server = await StartAsync(certificate);
        await ConnectsAsync(server, new ServerIdentity { CaFile = _authority.PemFile });
        _shown.ShouldAllBe(shown => shown == null);
    }

    private static string ThumbprintIn(string folder)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "cert.pem"));
        return certificate.Thumbprint;
    }

    private static ServerIdentity WithClient(ServerIdentity identity, string folder) =>
        identity with { ClientCertFile = Path.Combine(folder, "cert.pem"), ClientKeyFile = Path.Combine(folder, "key.pem") };

    private static Dialer Dialer(ScriptedServer server, ServerIdentity identity) => new(new AgentOptions { ServerUrl = server.Url, Identity = identity });

    private static Task ConnectsAsync(ScriptedServer server, ServerIdentity identity) => ConnectsAsync(Dialer(server, identity));

    private static async Task ConnectsAsync(Dialer dialer)
    {
        foreach (var path in new[] { ProtocolLimits.ControlPath, ProtocolLimits.StatsPath })
        {
            using var socket = await dialer.DialAsync(path, bearer: null, Token);
            // What the dial was made with is gone by now, and the socket works.
            await socket.SendAsync("hello"u8.ToArray(), Token);
            await socket.FlushAsync(Token);
            var answer = new byte[16];
            (await socket.WebSocket.ReceiveAsync(answer, Token)).Count.ShouldBe(5);
        }
    }

    private static Task<string> RefusesAsync(ScriptedServer server, ServerIdentity identity) => RefusesAsync(Dialer(server, identity));

    private static async Task<string> RefusesAsync(Dialer dialer)
    {
        var control = await Should.ThrowAsync<DialException>(() => dialer.DialAsync(ProtocolLimits.ControlPath, bearer: null, Token));
        var stats = await Should.ThrowAsync<DialException>(() => dialer.DialAsync(ProtocolLimits.StatsPath, "permanent-token", Token));
        stats.Kind.ShouldBe(control.Kind);
        return control.Message;
    }

    /// <summary>Starts a server that says back what it is sent, and notes the certificate it was shown.</summary>
    private async Task<ScriptedServer> StartAsync(X509Certificate2 certificate, TestAuthority? clients = null)
    {
        var server = await ScriptedServer.StartAsync(certificate, clients);
        server.Script = async (context, _) =>
        {
            _shown.Enqueue(context.Connection.ClientCertificate?.Thumbprint);
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[16];
            var received = await socket.ReceiveAsync(buffer, context.RequestAborted);
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, endOfMessage: true, context.RequestAborted);
            await socket.ReceiveAsync(buffer, context.RequestAborted);
        };
        return server;
    }
}
