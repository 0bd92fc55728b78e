using System.Text.Json;
using System.Text.Json.Nodes;

namespace DockMon.Engine;

/// <summary>
/// Documents that are kept as JSON. .NET reads their texts and names only when it is asked for one, and would fail then, in the middle of whatever is
/// being done with them.
/// </summary>
internal static class JsonWhole
{
    /// <summary>Reads all of a document.</summary>
    /// <exception cref="JsonException">A text in it is none, or an object has a name twice.</exception>
    public static void Ensure(JsonNode? node)
    {
        try
        {
            Read(node);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw new JsonException(e.Message, e);
        }
    }

    private static void Read(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, value) in members)
                {
                    Read(value);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    Read(item);
                }

                break;
            case JsonValue value:
                value.TryGetValue<string>(out _);
                break;
            default:
                break;
        }
    }
}
