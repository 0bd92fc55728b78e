using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What the hub does when it cannot store anything, or cannot start.</summary>
public sealed class HubDiskTests : IDisposable
{
    private const string Key = "hub-disk-tests-key";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_hub_on_a_full_disk_says_so_goes_on_and_stores_again_when_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync(_folder.Path, Token, megabytes: 16);
        await using var hub = Start(disk.Path, out var url);
        using var client = new HubClient(url, Key);
        await Retry.UntilAsync("the hub answers", async () => (await client.GetAsync("/api/hosts", Token)).GetArrayLength() == 0, ct: Token);
        var registration = (await client.PostAsync("/api/tokens", "{}", Token)).GetProperty("token").GetString()!;
        using var first = new ClientWebSocket();
        var (host, permanent) = await RegisterAsync(first, url, registration);
        await SendEventAsync(first, "before");
        await StoredAsync(client, host, "before");

        disk.Fill();
        var number = 0;
        await Retry.UntilAsync(
            "the hub says that it cannot store",
            async () =>
            {
                await SendEventAsync(first, string.Create(CultureInfo.InvariantCulture, $"full-{number++}"));
                return hub.Lines.Any(line => line.Contains("disk is full", StringComparison.Ordinal));
            },
            ct: Token);
        (await client.GetAsync("/health", Token)).GetProperty("status").GetString().ShouldBe("ok");
        (await client.GetAsync($"/api/hosts/{host}", Token)).GetProperty("connected").GetBoolean().ShouldBeTrue();
        using var second = new ClientWebSocket();
        (await RegisterAsync(second, url, permanent)).Host.ShouldBe(host);

        disk.Free();
        await Retry.UntilAsync(
            "events are stored again",
            async () =>
            {
                await SendEventAsync(second, "after");
                return (await client.GetAsync($"/api/hosts/{host}/events", Token)).ToString().Contains("after", StringComparison.Ordinal);
            },
            ct: Token);
        (await client.PostAsync("/api/tokens", "{}", Token)).GetProperty("token").GetString().ShouldNotBeNull();
        hub.HasExited.ShouldBeFalse();
    }

    private static ProgramProcess Start(string data, out string url)
    {
        url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        return HubProcess.Start(new Dictionary<string, string>
        {
            ["HUB_URLS"] = url,
            ["HUB_DATA"] = Path.Combine(data, "hub"),
            ["HUB_ADMIN_KEY"] = Key,
        });
    }

    private static async Task<(string Host, string Token)> RegisterAsync(ClientWebSocket socket, string url, string token)
    {
        await socket.ConnectAsync(new Uri(url.Replace("http", "ws", StringComparison.Ordinal) + "/" + ProtocolLimits.ControlPath), Token);
        var register = new RegisterRequest
        {
            Token = token,
            EngineId = "ENGINE:1",
            Hostname = "host",
            Version = "3.0.0",
            ProtoVersion = ProtocolLimits.ProtocolVersion,
            Capabilities = new Dictionary<string, bool>(),
        };
        await SendAsync(socket, Encoding.UTF8.GetString(FrameWriter.Message(register, ProtocolJson.Default.RegisterRequest)));
        var buffer = new byte[4096];
        var answer = JsonElement.Parse(buffer.AsSpan(0, (await socket.ReceiveAsync(buffer, Token)).Count));
        answer.GetProperty("type").GetString().ShouldBe(FrameTypes.AuthSuccess, answer.ToString());
        return (answer.GetProperty("host_id").GetString()!, answer.GetProperty("permanent_token").GetString()!);
    }

    private static Task SendEventAsync(ClientWebSocket socket, string action) => SendAsync(
        socket,
        $$$"""
        {"type":"event","command":"container_event","payload":{"container_id":"c","action":"{{{action}}}","timestamp":"2026-01-01T00:00:00Z",
        "container_name":"{{{new string('x', 20_000)}}}","image":"i","attributes":{} } }
        """);

    private static Task StoredAsync(HubClient client, string host, string action) => Retry.UntilAsync(
        $"the event {action} is stored",
        async () => (await client.GetAsync($"/api/hosts/{host}/events", Token)).ToString().Contains(action, StringComparison.Ordinal),
        ct: Token);

    private static Task SendAsync(ClientWebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Token);
}
