using System.Net;
using System.Net.Sockets;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>An agent and its hub behind HAProxy, which lets nobody through without a certificate of its authority.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("Another authority of a test");
    private readonly int _port = FreePort.Next();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Url => $"wss://127.0.0.1:{_port}";

    public void Dispose()
    {
        _stranger.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_proxy_that_demands_a_certificate_gets_the_one_there_is_now()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/haproxy"), "There is no HAProxy here.");
        var environment = new Dictionary<string, string>();
        await using var installation = await Installation.StartAsync(Token, environment: environment);
        await using var proxy = await StartProxyAsync(installation.Link.Port);
        installation.Agent.Terminate();
        (await installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);

        (await LookAsync(null)).ShouldFailOnly("client_certificate", "set CLIENT_CERT_FILE and CLIENT_KEY_FILE");
        (await LookAsync(_stranger.IssueInto(_folder.File("stranger")))).ShouldFailOnly("client_certificate", "by the authority that the proxy in front");
        var own = _authority.IssueInto(_folder.File("own"));
        (await LookAsync(own)).Status("websocket").ShouldBe("ok");

        environment["DOCKMON_URL"] = Url;
        environment["SERVER_CA_FILE"] = _authority.PemFile;
        (environment["CLIENT_CERT_FILE"], environment["CLIENT_KEY_FILE"]) = ($"{own}/cert.pem", $"{own}/key.pem");
        installation.StartAgent();
        await installation.WaitForAgentAsync(Token);
        await installation.Agent.WaitForLineAsync("Stats socket connected", Token);

        _authority.IssueInto(own, expired: true);
        installation.Link.CutAll();
        await installation.Agent.WaitForLineAsync($"CLIENT_CERT_FILE is \"{own}/cert.pem\", which expired on ", Token);
        var seen = installation.Agent.Lines.Count;
        _authority.IssueInto(own);
        await installation.Agent.WaitForLineAsync("Stats socket connected", Token, from: seen);
        await installation.WaitForAgentAsync(Token);
    }

    private Task<Diagnosis> LookAsync(string? certificates)
    {
        List<(string, string)> variables = [("SERVER_CA_FILE", _authority.PemFile)];
        if (certificates is not null)
        {
            variables.AddRange([("CLIENT_CERT_FILE", $"{certificates}/cert.pem"), ("CLIENT_KEY_FILE", $"{certificates}/key.pem")]);
        }

        return Diagnosis.MakeAsync(_folder.File("data"), Url, Token, [.. variables]);
    }

    private async Task<ProgramProcess> StartProxyAsync(int hubPort)
    {
        var server = _authority.IssueInto(_folder.File("server"));
        var (certificate, key) = (await File.ReadAllTextAsync($"{server}/cert.pem", Token), await File.ReadAllTextAsync($"{server}/key.pem", Token));
        var pem = _folder.Write("server.pem", certificate + "\n" + key);
        var configuration = _folder.Write("haproxy.cfg", $"""
            defaults
              mode http
              timeout connect 30s
              timeout client 1h
              timeout server 1h
              timeout tunnel 1h
            frontend agents
              bind 127.0.0.1:{_port} ssl crt {pem} ca-file {_authority.PemFile} verify required
              default_backend hub
            backend hub
              server hub 127.0.0.1:{hubPort}

            """);
        var proxy = ProgramProcess.Start("/usr/sbin/haproxy", ["-db", "-f", configuration], new Dictionary<string, string>());
        await Retry.UntilAsync("the proxy listens", IsListeningAsync, ct: Token);
        return proxy;
    }

    private async Task<bool> IsListeningAsync()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, _port, Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
