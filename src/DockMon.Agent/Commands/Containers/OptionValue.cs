using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Json;

namespace DockMon.Agent.Commands.Containers;

/// <summary>
/// Reads values as the Docker SDK for Python takes them. What cannot be read is a
/// <see cref="FormatException"/> whose message goes on after the option's name.
/// </summary>
internal static class OptionValue
{
    public static JsonNode Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong("a text");

    public static JsonNode TextOrNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(value);

    public static JsonNode Flag(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong("true or false");

    public static JsonNode Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : value.ValueKind == JsonValueKind.String && long.TryParse(value.GetString(), CultureInfo.InvariantCulture, out number) ? number
        : throw Wrong("a whole number");

    public static JsonNode Cpus(JsonElement value) =>
        double.TryParse(value.ToString(), CultureInfo.InvariantCulture, out var cpus) && cpus is > 0 and < 100_000
            ? (long)(cpus * 1_000_000_000)
            : throw Wrong("a number of processors above zero");

    /// <summary>A number of bytes, or a text such as <c>512m</c>.</summary>
    public static JsonNode Bytes(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            return Number(value);
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim().ToLowerInvariant().TrimEnd('b') : "";
        var shift = text.Length == 0 ? 0 : text[^1] switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        return decimal.TryParse(
            shift > 0 ? text[..^1] : text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out var number) && Math.Abs(number) <= long.MaxValue >> shift
            ? (long)(number * (1L << shift)) : throw Wrong("a number of bytes, such as 536870912 or 512m");
    }

    public static JsonNode Texts(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? new JsonArray([.. value.EnumerateArray().Select(TextOrNumber)])
        : value.ValueKind == JsonValueKind.String ? new JsonArray(Text(value))
        : throw Wrong("a list of texts");

    /// <summary>A list of words, or a text that is split as a shell splits it.</summary>
    public static JsonNode Command(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? new JsonArray([.. Split(value.GetString()!).Select(word => (JsonNode)word)]) : Texts(value);

    /// <summary>A map, or a list of ready pairs.</summary>
    public static JsonNode Pairs(JsonElement value, string separator) =>
        value.ValueKind == JsonValueKind.Object
            ? new JsonArray([.. value.EnumerateObject()
                .Select(pair => (JsonNode)(pair.Value.ValueKind == JsonValueKind.Null ? pair.Name : $"{pair.Name}{separator}{Scalar(pair.Value)}"))])
            : value.ValueKind == JsonValueKind.Array ? Texts(value) : throw Wrong("a map or a list");

    /// <summary>A map of texts, or a list of names that have none. Of two with one name the last counts.</summary>
    public static JsonNode Labels(JsonElement value)
    {
        var pairs = value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().Select(pair => (pair.Name, Value: Scalar(pair.Value))),
            JsonValueKind.Array => value.EnumerateArray()
                .Select(name => name.ToString().Split('=', 2))
                .Select(pair => (Name: pair[0], Value: pair.Length > 1 ? pair[1] : "")),
            _ => throw Wrong("a map or a list"),
        };
        var labels = new JsonObject();
        foreach (var (name, text) in pairs)
        {
            labels[name] = text;
        }

        return labels;
    }

    /// <summary><c>/dev/host:/dev/container:rwm</c>.</summary>
    public static JsonNode Devices(JsonElement value) =>
        new JsonArray([.. ((JsonArray)Texts(value)).Select(device => device!.GetValue<string>().Split(':')).Select(parts => (JsonNode)new JsonObject
        {
            ["PathOnHost"] = parts[0],
            ["PathInContainer"] = parts.Length > 1 ? parts[1] : parts[0],
            ["CgroupPermissions"] = parts.Length > 2 ? parts[2] : "rwm",
        })]);

    /// <summary>An object of the engine's own names, the first letter of which may be small.</summary>
    public static JsonNode Object(JsonElement value, string[] names)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("a map with " + string.Join(" and ", names));
        }

        var result = new JsonObject();
        foreach (var member in value.EnumerateObject())
        {
            var name = Array.Find(names, name => name.Equals(member.Name, StringComparison.OrdinalIgnoreCase))
                ?? throw Wrong($"a map with {string.Join(" and ", names)}, not {member.Name}");
            result[name] = JsonNode.Parse(member.Value.GetRawText());
        }

        return result;
    }

    public static JsonNode Objects(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
            ? new JsonArray([.. value.EnumerateArray().Select(item => Object(item, ["Name", "Soft", "Hard"]))])
            : throw Wrong("a list of maps");

    /// <summary>The SDK's health check: <c>test</c> as list or text, times in nanoseconds.</summary>
    public static JsonNode HealthCheck(JsonElement value)
    {
        var result = (JsonObject)Object(value, ["Test", "Interval", "Timeout", "Retries", "StartPeriod", "start_period"]);
        if (result.Remove("start_period", out var start))
        {
            result["StartPeriod"] = start;
        }

        if (result["Test"].FindText() is { } command)
        {
            result["Test"] = new JsonArray("CMD-SHELL", command);
        }

        return result;
    }

    public static FormatException Wrong(string accepted) => new("must be " + accepted);

    private static string Scalar(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? throw Wrong("a map of texts") : value.ToString();

    private static List<string> Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quote, began) = ('\0', false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                // Inside double quotes a backslash is one, except before what means something there.
                word.Append(quote == '"' && text[i + 1] is not ('"' or '\\' or '$' or '`') ? "\\" : "").Append(text[++i]);
                began = true;
            }
            else if (quote != '\0' ? c == quote : c is '\'' or '"')
            {
                (quote, began) = (quote != '\0' ? '\0' : c, true);
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (began)
                {
                    words.Add(word.ToString());
                }

                word.Clear();
                began = false;
            }
            else
            {
                word.Append(c);
                began = true;
            }
        }

        if (quote != '\0')
        {
            throw new FormatException($"has a quotation mark {quote} that is not closed");
        }

        return began ? [.. words, word.ToString()] : words;
    }
}
