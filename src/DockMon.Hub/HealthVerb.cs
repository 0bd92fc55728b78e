using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace DockMon.Hub;

/// <summary><c>dockmon-hub health</c>: asks the hub that listens on the configured addresses whether it answers. For the health check of its image.</summary>
internal static class HealthVerb
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Asks, and says what it heard.</summary>
    /// <param name="urls"><c>HUB_URLS</c>; the first of them is asked.</param>
    /// <param name="output">The output.</param>
    /// <param name="ct">Cancels the request.</param>
    /// <returns>The exit code: 0 when the hub answers that it runs.</returns>
    [SuppressMessage("Security", "CA5359:Do Not Disable Certificate Validation", Justification = "The hub of this machine; nothing secret is sent.")]
    public static async Task<int> RunAsync(string urls, TextWriter output, CancellationToken ct)
    {
        var url = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[0];
        var address = BindingAddress.Parse(url);
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        // No certificate names the address that it is asked by.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        if (address.IsUnixPipe)
        {
            handler.ConnectCallback = (_, token) => ConnectAsync(address.UnixPipePath, token);
        }

        using var client = new HttpClient(handler) { Timeout = Limit };
        try
        {
            var target = new Uri(address.IsUnixPipe ? $"{address.Scheme}://localhost/health" : $"{address.Scheme}://{HostOf(address)}:{address.Port}/health");
            using var answer = await client.GetAsync(target, HttpCompletionOption.ResponseHeadersRead, ct);
            await output.WriteLineAsync(answer.IsSuccessStatusCode ? $"the hub at {url} answers" : $"the hub at {url} answers with {(int)answer.StatusCode}");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (HttpRequestException e)
        {
            await output.WriteLineAsync($"no hub answers at {url}: {e.Message}");
            return 1;
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            await output.WriteLineAsync($"no hub answers at {url} within {Limit.TotalSeconds:0} s");
            return 1;
        }
    }

    /// <summary>Where an address that it listens on is reached from this machine: a name that is none means all addresses.</summary>
    private static string HostOf(BindingAddress address) =>
        address.Host == "localhost" ? "localhost"
        : !IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) || ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any) ? "localhost"
        : address.Host;

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
