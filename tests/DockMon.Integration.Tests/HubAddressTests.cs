using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>An agent and a user of a hub with TLS: its own, and that of the proxies whose configuration is in docs/access.md.</summary>
public sealed class HubAddressTests : IDisposable
{
    private const string AdminKey = "integration-tests-admin-key";

    private static readonly DockerCli Docker = new();
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly int _port = FreePort.Next();
    private readonly int _proxyPort = FreePort.Next();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_agent_connects_to_a_self_signed_hub_with_the_pin_that_the_hub_printed()
    {
        await using var hub = HubProcess.Start(Environment("https", ("HUB_TLS", "self-signed")));
        var printed = await hub.WaitForLineAsync("Agents know this hub by SERVER_PIN=", Token);
        using var client = Client(_port, AdminKey);
        await UseAsync(client, _port, ("SERVER_PIN", printed[(printed.IndexOf('=', StringComparison.Ordinal) + 1)..]));
    }

    [Fact]
    public async Task Nginx_as_the_documentation_has_it_passes_on_everything()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/nginx"), "There is no nginx here.");
        var tls = _authority.IssueInto(_folder.File("tls"));
        var server = Documented("nginx:").Replace("listen 443 ssl", $"listen 127.0.0.1:{_proxyPort} ssl", StringComparison.Ordinal)
            .Replace("/etc/nginx/tls/fullchain.pem", $"{tls}/cert.pem", StringComparison.Ordinal)
            .Replace("/etc/nginx/tls/privkey.pem", $"{tls}/key.pem", StringComparison.Ordinal);
        var configuration = _folder.Write("nginx.conf", $$"""
            daemon off;
            master_process off;
            pid {{_folder.File("nginx.pid")}};
            error_log stderr;
            events {}
            http {
              access_log off;
              client_body_temp_path {{_folder.File("body")}};
              proxy_temp_path {{_folder.File("proxy")}};
              fastcgi_temp_path {{_folder.File("fastcgi")}};
              uwsgi_temp_path {{_folder.File("uwsgi")}};
              scgi_temp_path {{_folder.File("scgi")}};
              {{server}}
            }
            """);
        await UseBehindAsync("/usr/sbin/nginx", "-c", configuration);
    }

    [Fact]
    public async Task Haproxy_as_the_documentation_has_it_passes_on_everything()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/haproxy"), "There is no HAProxy here.");
        var tls = _authority.IssueInto(_folder.File("tls"));
        var pem = _folder.Write("hub.pem", await File.ReadAllTextAsync($"{tls}/cert.pem", Token) + "\n" + await File.ReadAllTextAsync($"{tls}/key.pem", Token));
        var configuration = _folder.Write("haproxy.cfg", Documented("HAProxy:")
            .Replace("bind :443", $"bind 127.0.0.1:{_proxyPort}", StringComparison.Ordinal)
            .Replace("/etc/haproxy/hub.pem", pem, StringComparison.Ordinal));
        await UseBehindAsync("/usr/sbin/haproxy", "-db", "-f", configuration);
    }

    /// <summary>The block of docs/access.md below a line, with the hub's address.</summary>
    private string Documented(string line)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "access.md"));
        var block = lines.SkipWhile(text => text != line)
            .Skip(1)
            .SkipWhile(text => text.Length == 0)
            .TakeWhile(text => text.StartsWith("    ", StringComparison.Ordinal));
        return string.Join('\n', block.Select(text => text[4..])).Replace("127.0.0.1:8090", $"127.0.0.1:{_port}", StringComparison.Ordinal) + "\n";
    }

    private async Task UseBehindAsync(string program, params string[] arguments)
    {
        await using var hub = HubProcess.Start(Environment("http", ("HUB_TRUSTED_PROXIES", "127.0.0.1")));
        await using var proxy = ProgramProcess.Start(program, arguments, new Dictionary<string, string>());
        using var client = Client(_proxyPort, AdminKey);
        await UseAsync(client, _proxyPort, ("SERVER_CA_FILE", _authority.PemFile));
        await proxy.EndAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Connects an agent, hears its events and types into a shell.</summary>
    private async Task UseAsync(HttpClient client, int port, (string Name, string Value) trust)
    {
        await Retry.UntilAsync("the hub answers", async () => (await client.GetAsync("/health", Token)).IsSuccessStatusCode, ct: Token);
        using var feed = await HubFeed.OpenAsync(client, Token);
        var answer = JsonElement.Parse(await (await client.PostAsync("/api/tokens", null, Token)).Content.ReadAsStringAsync(Token));
        await using var agent = AgentProcess.Start(new Dictionary<string, string>
        {
            ["DOCKMON_URL"] = $"wss://127.0.0.1:{port}",
            ["REGISTRATION_TOKEN"] = answer.GetProperty("token").GetString()!,
            ["DATA_PATH"] = _folder.File("agent"),
            ["STATS_INTERVAL"] = "0",
            [trust.Name] = trust.Value,
        });
        await feed.ReadUntilAsync((name, _) => name == "host_connected", Token);
        var hosts = JsonElement.Parse(await client.GetStringAsync("/api/hosts", Token));
        await using var containers = new TestContainers(Docker, "dockmon-addresses");
        var container = await containers.RunAsync([], Token);
        await using var shell = await ShellClient.OpenAsync(client, hosts[0].GetProperty("id").GetString()!, container, Token);
        await shell.WriteAsync("echo $((6*7))\n", Token);
        await shell.WaitForAsync("42", Token);
        agent.Terminate();
        (await agent.WaitForExitAsync(Token)).ShouldBe(0);
    }

    private Dictionary<string, string> Environment(string scheme, (string Name, string Value) more) => new()
    {
        ["HUB_URLS"] = $"{scheme}://127.0.0.1:{_port}",
        ["HUB_DATA"] = _folder.File("hub"),
        ["HUB_ADMIN_KEY"] = AdminKey,
        [more.Name] = more.Value,
    };

    /// <summary>A client that takes any certificate.</summary>
    internal static HttpClient Client(int port, string? key = null)
    {
        var trusting = new SslClientAuthenticationOptions
        {
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
#pragma warning disable CA5359 // Whose certificate it is, is the agent's business in these tests.
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        };
        var client = new HttpClient(new SocketsHttpHandler { SslOptions = trusting }) { BaseAddress = new Uri($"https://127.0.0.1:{port}") };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new("Bearer", key);
        return client;
    }
}
