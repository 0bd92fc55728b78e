using System.Text.Json;

namespace DockMon.Agent.Commands.Containers;

/// <summary>Where in the engine's list a container stands, and what is looked up for it.</summary>
/// <param name="Start">Of its object in the list, bytes.</param>
/// <param name="Length">Of its object, bytes.</param>
/// <param name="Id">64 characters.</param>
/// <param name="ImageId">The image's id, with its algorithm.</param>
internal readonly record struct ListEntry(int Start, int Length, string Id, string ImageId)
{
    /// <summary>Finds the objects of a list without taking it apart any further: it may be a megabyte, and is asked for again and again.</summary>
    /// <exception cref="JsonException">It is no list of containers.</exception>
    public static List<ListEntry> Split(ReadOnlySpan<byte> list)
    {
        var found = new List<ListEntry>();
        var reader = new Utf8JsonReader(list);
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(reader.TokenType == JsonTokenType.StartObject);
            found.Add(One(ref reader));
        }

        return found;
    }

    private static ListEntry One(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        var (id, image) = ("", "");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var (isId, isImage) = (reader.ValueTextEquals("Id"u8), reader.ValueTextEquals("ImageID"u8));
            reader.Read();
            if (isId)
            {
                id = Text(ref reader);
            }
            else if (isImage)
            {
                image = Text(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Expect(id.Length > 0);
        return new ListEntry(start, (int)reader.BytesConsumed - start, id, image);
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        Expect(reader.TokenType == JsonTokenType.String);
        return reader.GetString()!;
    }

    private static void Expect(bool condition)
    {
        if (!condition)
        {
            throw new JsonException("the engine's answer is no list of containers");
        }
    }
}
