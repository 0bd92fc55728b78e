using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Tests;

/// <summary>An agent that has registered with a <see cref="HubFixture"/>, and says what the test says.</summary>
internal sealed class FakeAgent(ClientWebSocket socket, JsonElement answer)
{
    public ClientWebSocket Socket => socket;

    public string HostId { get; } = answer.GetProperty("host_id").GetString()!;

    public string PermanentToken { get; } = answer.GetProperty("permanent_token").GetString()!;

    /// <summary>The next frame; null when the hub closed.</summary>
    public Task<string?> ReadAsync(CancellationToken ct) => HubFixture.ReadAsync(socket, ct);

    /// <summary>Whether requests for the list of containers are read, too: the hub makes one of its own when time passes after a connection.</summary>
    public bool HearsLists { get; set; }

    /// <summary>The next frame, which is there.</summary>
    public async Task<JsonElement> ReadFrameAsync(CancellationToken ct)
    {
        while (true)
        {
            var frame = JsonElement.Parse(await ReadAsync(ct) ?? throw new InvalidOperationException($"The hub closed: {socket.CloseStatusDescription}"));
            if (HearsLists || !frame.TryGetProperty("command", out var command) || command.GetString() != CommandNames.ListContainers)
            {
                return frame;
            }
        }
    }

    public Task SendAsync(string frame, CancellationToken ct) => HubFixture.SendAsync(socket, frame, ct);

    public Task SendEventAsync(string name, string payload, CancellationToken ct) =>
        SendAsync($$"""{"type":"event","command":"{{name}}","payload":{{payload}}}""", ct);

    /// <summary>Answers a command.</summary>
    public Task AnswerAsync(JsonElement request, string payload, CancellationToken ct) =>
        SendAsync($$"""{"type":"response","id":"{{request.GetProperty("id").GetString()}}","payload":{{payload}}}""", ct);

    /// <summary>Answers a container operation, whose fields stand beside its id.</summary>
    public Task AnswerOperationAsync(JsonElement request, string fields, CancellationToken ct) =>
        SendAsync($$"""{"correlation_id":"{{request.GetProperty("id").GetString()}}",{{fields}}}""", ct);

    /// <summary>Sends one binary frame, which no agent does.</summary>
    public Task SendBinaryAsync(CancellationToken ct) =>
        socket.SendAsync(Encoding.UTF8.GetBytes("x"), WebSocketMessageType.Binary, endOfMessage: true, ct);
}
