using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DockMon.Hub.Storage.Tables;

/// <summary>A container event as it is stored.</summary>
/// <param name="HostId">Its host.</param>
/// <param name="Key">Hash of container, action and time: the same for an event that is sent again. What an agent may write there has no limit.</param>
/// <param name="Payload">The event as the agent sent it.</param>
internal sealed record EventRow(string HostId, string Key, string Payload)
{
    public static EventRow Of(string hostId, JsonElement payload)
    {
        string Text(string name) => payload.ValueKind == JsonValueKind.Object
            && payload.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        return new EventRow(hostId, KeyOf(Text("container_id"), Text("action"), Text("timestamp")), payload.GetRawText());
    }

    public static string KeyOf(string container, string action, string timestamp) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{container}\0{action}\0{timestamp}")).AsSpan(0, 16));
}
