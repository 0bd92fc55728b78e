using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace DockMon.Protocol.Tests;

/// <summary>Reads a message so that a field its type does not know is an error, and writes it again.</summary>
internal static class StrictJson
{
    private static readonly JsonSerializerOptions Strict = new(ProtocolJson.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Reads and writes <paramref name="json"/> as a <paramref name="type"/>.</summary>
    public static JsonNode? RoundTrip(JsonNode json, Type type)
    {
        JsonTypeInfo info = Strict.GetTypeInfo(type);
        return JsonNode.Parse(JsonSerializer.Serialize(json.Deserialize(info), info));
    }

    /// <summary>A copy without members that are null: the types leave those out.</summary>
    public static JsonNode WithoutNulls(JsonNode node) => node switch
    {
        JsonObject members => new JsonObject(members.Where(member => member.Value is not null)
            .Select(member => KeyValuePair.Create(member.Key, (JsonNode?)WithoutNulls(member.Value!)))),
        JsonArray items => new JsonArray([.. items.Select(item => item is null ? null : WithoutNulls(item))]),
        _ => node.DeepClone(),
    };
}
