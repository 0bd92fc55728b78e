using System.Text.Json;

namespace DockMon.Engine;

/// <summary>A container of the engine's list as the engine writes it, and the ids in it.</summary>
/// <param name="Json">Its object, byte for byte.</param>
/// <param name="Id">The full id.</param>
/// <param name="ImageId">The image's id, with its algorithm.</param>
public readonly record struct ContainerJson(ReadOnlyMemory<byte> Json, string Id, string ImageId)
{
    /// <summary>Its name, without the slash; empty where the engine tells none.</summary>
    /// <exception cref="EngineException">What the engine tells is none.</exception>
    public string ReadName()
    {
        try
        {
            return FindName();
        }
        catch (JsonException e)
        {
            throw new EngineException($"the Docker engine's answer cannot be read: {e.Message}", null, e);
        }
    }

    private string FindName()
    {
        var reader = new Utf8JsonReader(Json.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isNames = reader.ValueTextEquals("Names"u8);
            reader.Read();
            if (isNames && reader.TokenType == JsonTokenType.StartArray)
            {
                return ContainerSummary.OwnName(ReadTexts(ref reader));
            }

            reader.Skip();
        }

        return "";
    }

    /// <summary>Finds the objects of a list without taking it apart any further: it may be a megabyte, and is asked for again and again.</summary>
    /// <exception cref="JsonException">It is no list of containers.</exception>
    internal static List<ContainerJson> Split(ReadOnlyMemory<byte> list)
    {
        var found = new List<ContainerJson>();
        var reader = new Utf8JsonReader(list.Span);
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(reader.TokenType == JsonTokenType.StartObject);
            found.Add(ReadOne(list, ref reader));
        }

        return found;
    }

    private static ContainerJson ReadOne(ReadOnlyMemory<byte> list, ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        var (id, image) = ("", "");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var (isId, isImage) = (reader.ValueTextEquals("Id"u8), reader.ValueTextEquals("ImageID"u8));
            reader.Read();
            if (isId)
            {
                id = ReadText(ref reader);
            }
            else if (isImage)
            {
                image = ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Expect(id.Length > 0);
        return new ContainerJson(list[start..(int)reader.BytesConsumed], id, image);
    }

    private static List<string> ReadTexts(ref Utf8JsonReader reader)
    {
        var texts = new List<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            texts.Add(ReadText(ref reader));
        }

        return texts;
    }

    private static string ReadText(ref Utf8JsonReader reader)
    {
        Expect(reader.TokenType == JsonTokenType.String);
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a container's id or name is no text", e); // Not UTF-8, or half of a surrogate pair.
        }
    }

    private static void Expect(bool condition)
    {
        if (!condition)
        {
            throw new JsonException("it is no list of containers");
        }
    }
}
