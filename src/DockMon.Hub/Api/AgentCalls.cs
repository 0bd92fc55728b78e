using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>Typed requests to agents.</summary>
internal sealed class AgentCalls(AgentRequests agents)
{
    /// <summary>Sends a command without a payload.</summary>
    public Task<JsonElement> CommandAsync(string hostId, string command, CancellationToken ct) =>
        AskAsync(hostId, FrameTypes.Command, command, default, Relay.DefaultLimit, ct);

    /// <summary>Sends a command.</summary>
    public Task<JsonElement> CommandAsync<T>(string hostId, string command, T payload, JsonTypeInfo<T> type, CancellationToken ct) =>
        AskAsync(hostId, FrameTypes.Command, command, JsonSerializer.SerializeToUtf8Bytes(payload, type), Relay.DefaultLimit, ct);

    /// <summary>Sends a container operation, and waits longer by what the engine may take to stop a container.</summary>
    public Task<JsonElement> OperationAsync(string hostId, ContainerOperation operation, CancellationToken ct) => AskAsync(
        hostId,
        FrameTypes.ContainerOperation,
        null,
        JsonSerializer.SerializeToUtf8Bytes(operation, ProtocolJson.Default.ContainerOperation),
        Relay.DefaultLimit + TimeSpan.FromSeconds(Math.Clamp(operation.Timeout ?? 10, 0, 3600)),
        ct);

    private async Task<JsonElement> AskAsync(
        string hostId, string type, string? command, ReadOnlyMemory<byte> payload, TimeSpan limit, CancellationToken ct) =>
        (await agents.AskAsync(hostId, type, command, payload, limit, ct)).Payload ?? JsonElement.Parse("null");
}
