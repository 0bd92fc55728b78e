using System.Text.Json;
using System.Text.Json.Nodes;

namespace DockMon.Agent.Json;

/// <summary>
/// Members of documents that others wrote. A member that is missing, null or of another kind than the one
/// asked for is absent: what it means that it is absent is the caller's to say.
/// </summary>
internal static class JsonExtensions
{
    /// <summary>The text of a member; null if it has none.</summary>
    public static string? FindText(this JsonElement element, string name)
    {
        if (Find(element, name, JsonValueKind.String) is not { } value)
        {
            return null;
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // Half of a surrogate pair: JSON allows to write it, and no text has it.
        }
    }

    /// <summary>The text of a member; empty if it has none.</summary>
    public static string GetText(this JsonElement element, string name) => element.FindText(name) ?? "";

    /// <inheritdoc cref="GetText(JsonElement, string)"/>
    public static string GetText(this JsonObject element, string name) => element[name].FindText() ?? "";

    /// <summary>The text that a node is; null if it is none.</summary>
    public static string? FindText(this JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>The number that a node is; null if it is none.</summary>
    public static long? FindNumber(this JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue<long>(out var number) => number,
        JsonValue value when value.TryGetValue<int>(out var number) => number, // Made by this program, and not read.
        _ => null,
    };

    /// <summary>Whether a node is true.</summary>
    public static bool IsTrue(this JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;

    /// <summary>The member of a node that is an object; null if it has none.</summary>
    public static JsonNode? Member(this JsonNode? node, string name) => (node as JsonObject)?[name];

    /// <summary>Whether a member is true.</summary>
    public static bool IsTrue(this JsonElement element, string name) => Find(element, name, JsonValueKind.True) is not null;

    /// <summary>The object that a member is; an undefined element if it is none.</summary>
    public static JsonElement GetObject(this JsonElement element, string name) => Find(element, name, JsonValueKind.Object) ?? default;

    /// <summary>The members of the object that a member is; none if it is no object.</summary>
    public static IEnumerable<JsonProperty> GetMembers(this JsonElement element, string name) =>
        Find(element, name, JsonValueKind.Object)?.EnumerateObject() ?? [];

    /// <summary>The items of the list that a member is; none if it is no list.</summary>
    public static IEnumerable<JsonElement> GetItems(this JsonElement element, string name) => Find(element, name, JsonValueKind.Array)?.EnumerateArray() ?? [];

    /// <summary>
    /// Reads every text of a document. JSON allows to write half of a surrogate pair, and whoever asks for that text later gets an exception.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is such a text.</exception>
    public static void EnsureTexts(this JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    member.Value.EnsureTexts();
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    item.EnsureTexts();
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            default:
                break;
        }
    }

    /// <summary>The reason alone, without the position that .NET appends to it and that exists as properties, too.</summary>
    public static string GetReason(this JsonException error) => error.Message.Split(" Path:", 2)[0];

    private static JsonElement? Find(JsonElement element, string name, JsonValueKind kind)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        try
        {
            return element.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;
        }
        catch (InvalidOperationException)
        {
            return null; // The name of some member has half of a surrogate pair: what comes before it cannot be searched.
        }
    }
}
