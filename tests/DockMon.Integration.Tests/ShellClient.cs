using System.Net.WebSockets;
using System.Text;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>A user's shell through the hub's API. What the container writes is kept as it comes.</summary>
internal sealed class ShellClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly MemoryStream _output = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _reading = Task.CompletedTask;

    /// <summary>Everything written so far.</summary>
    public byte[] Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToArray();
            }
        }
    }

    public string Text => Encoding.UTF8.GetString(Output);

    /// <summary>Why it closed; null while it has not.</summary>
    public string? Closed { get; private set; }

    public static Task<ShellClient> OpenAsync(Installation installation, string container, CancellationToken ct) =>
        OpenAsync(installation.Http, installation.HostId, container, ct);

    /// <param name="http">The hub's API, with a key. The certificate of a hub with TLS is not looked at.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="container">The container.</param>
    /// <param name="ct">Ends the wait.</param>
    public static async Task<ShellClient> OpenAsync(HttpClient http, string hostId, string container, CancellationToken ct)
    {
        var client = new ShellClient();
        client._socket.Options.SetRequestHeader("Authorization", http.DefaultRequestHeaders.Authorization!.ToString());
#pragma warning disable CA5359 // The certificate of a hub in a test is its own.
        client._socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        var scheme = http.BaseAddress!.Scheme == "https" ? "wss" : "ws";
        var address = new UriBuilder(http.BaseAddress) { Scheme = scheme, Path = $"/api/hosts/{hostId}/containers/{container}/shell" };
        await client._socket.ConnectAsync(address.Uri, ct);
        client._reading = client.ReadAsync();
        return client;
    }

    public Task WriteAsync(byte[] input, CancellationToken ct) => _socket.SendAsync(input, WebSocketMessageType.Binary, endOfMessage: true, ct);

    public Task WriteAsync(string input, CancellationToken ct) => WriteAsync(Encoding.UTF8.GetBytes(input), ct);

    public Task ResizeAsync(int cols, int rows, CancellationToken ct) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes($$$"""{"resize":{"cols":{{{cols}}},"rows":{{{rows}}}}}"""), WebSocketMessageType.Text, endOfMessage: true, ct);

    public Task WaitForAsync(string text, CancellationToken ct) =>
        Retry.UntilAsync($"the shell wrote \"{text}\"", () => Text.Contains(text, StringComparison.Ordinal), ct: ct);

    public async Task<string> WaitForCloseAsync(CancellationToken ct)
    {
        await Retry.UntilAsync("the shell closed", () => Closed is not null, ct: ct);
        return Closed!;
    }

    public Task CloseAsync(CancellationToken ct) => _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", ct);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _socket.Dispose();
        _stop.Dispose();
        await _output.DisposeAsync();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var result = await _socket.ReceiveAsync(buffer.AsMemory(), _stop.Token);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    Closed = _socket.CloseStatusDescription ?? "";
                    return;
                }

                lock (_output)
                {
                    _output.Write(buffer, 0, result.Count);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            Closed ??= e.Message;
        }
    }
}
