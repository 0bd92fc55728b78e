using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.History.Live;

/// <summary>A sample as it was read, with the texts beside its figures.</summary>
internal ref struct ReadSample
{
    public ReadOnlySpan<char> ContainerId;

    public ReadOnlySpan<char> ContainerName;

    /// <summary>The member <c>extended</c> of a host's sample, as it is; empty without one.</summary>
    public ReadOnlySpan<byte> Extended;

    public Sample Sample;
}

/// <summary>Reads samples from frames of agents, without allocating.</summary>
internal static class SampleReader
{
    /// <summary>Room, in characters, for the texts of a sample.</summary>
    public const int TextRoom = MostId + MostName;

    /// <summary>Maximum length of a container id; Docker's have 64 characters.</summary>
    public const int MostId = 128;

    private const int MostName = 256;

    // One character may be written with six bytes: \u0041.
    private const int Escaped = 6;

    /// <summary>Finds the sample in a frame of the control socket.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="sample">The JSON value of the sample.</param>
    /// <param name="isHost">Whether it is one of the host itself.</param>
    /// <returns>False for any other frame, which is not read to its end.</returns>
    /// <exception cref="JsonException">The frame is not JSON.</exception>
    public static bool TryFind(ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> sample, out bool isHost)
    {
        sample = default;
        isHost = false;
        if (frame.Length > ProtocolLimits.StatsFrameBytes * 4)
        {
            return false;
        }

        ReadOnlySpan<byte> payload = default, stats = default;
        bool isStats = false, isEvent = false, isSample = false;
        var reader = new Utf8JsonReader(frame);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                isStats = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("stats"u8);
                isEvent = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("event"u8);
                if (!isStats && !isEvent)
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("command"u8))
            {
                reader.Read();
                isSample = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("container_stats"u8);
                if (!isSample)
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("payload"u8))
            {
                payload = ReadValue(ref reader, frame);
            }
            else if (reader.ValueTextEquals("stats"u8))
            {
                stats = ReadValue(ref reader, frame);
            }
            else
            {
                reader.Skip();
            }
        }

        // The end of the frame: whatever follows is no JSON.
        reader.Read();
        isHost = isStats;
        sample = isStats ? stats : isEvent && isSample ? payload : default;
        return !sample.IsEmpty;
    }

    /// <summary>Reads a sample.</summary>
    /// <param name="utf8">The JSON value.</param>
    /// <param name="shape">Its members.</param>
    /// <param name="text">Room for its texts: <see cref="TextRoom"/> characters.</param>
    /// <param name="read">The sample, which refers to <paramref name="text"/> and <paramref name="utf8"/>.</param>
    /// <returns>False for any value but an object, and for texts that are too long.</returns>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="InvalidOperationException">A text is half a surrogate pair.</exception>
    public static bool TryRead(ReadOnlySpan<byte> utf8, SampleShape shape, Span<char> text, out ReadSample read)
    {
        read = new ReadSample { Sample = Sample.CreateEmpty() };
        var reader = new Utf8JsonReader(utf8);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        var next = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Find(ref reader, shape, ref next) is var member and >= 0)
            {
                reader.Read();
                read.Sample.Values[member] = ReadNumber(ref reader, shape.Members[member].Kind);
            }
            else if (reader.ValueTextEquals("container_id"u8))
            {
                if (!TryReadText(ref reader, text[..MostId], out read.ContainerId))
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("container_name"u8))
            {
                if (!TryReadText(ref reader, text.Slice(MostId, MostName), out read.ContainerName))
                {
                    return false;
                }

                read.ContainerName = read.ContainerName.TrimStart('/');
            }
            else if (reader.ValueTextEquals("extended"u8))
            {
                read.Extended = ReadValue(ref reader, utf8);
            }
            else
            {
                reader.Skip();
            }
        }

        reader.Read();
        return true;
    }

    /// <summary>The index of the member that is read; agents write them in the same order again and again.</summary>
    private static int Find(scoped ref Utf8JsonReader reader, SampleShape shape, ref int next)
    {
        for (var i = 0; i < shape.Members.Length; i++)
        {
            var member = (next + i) % shape.Members.Length;
            if (reader.ValueTextEquals(shape.Members[member].Utf8))
            {
                next = member + 1;
                return member;
            }
        }

        return -1;
    }

    private static ReadOnlySpan<byte> ReadValue(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return utf8[start..(int)reader.BytesConsumed];
    }

    private static bool TryReadText(scoped ref Utf8JsonReader reader, Span<char> room, out ReadOnlySpan<char> text)
    {
        reader.Read();
        text = default;
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return true;
        }

        // More bytes than characters is usual for names that are not of ASCII, or are escaped.
        if (reader.ValueSpan.Length > room.Length)
        {
            if (reader.ValueSpan.Length > room.Length * Escaped || reader.GetString()!.Length > room.Length)
            {
                return false;
            }
        }

        text = room[..reader.CopyString(room)];
        return true;
    }

    private static long ReadNumber(scoped ref Utf8JsonReader reader, MemberKind kind)
    {
        if (kind == MemberKind.Time && reader.TokenType == JsonTokenType.String)
        {
            return reader.TryGetDateTimeOffset(out var time) ? time.ToUnixTimeMilliseconds() : Sample.Absent;
        }

        if (kind == MemberKind.Time || reader.TokenType != JsonTokenType.Number)
        {
            reader.Skip();
            return Sample.Absent;
        }

        if (kind == MemberKind.Integer && reader.TryGetInt64(out var whole))
        {
            return Math.Max(whole, -long.MaxValue);
        }

        const double Most = 9e15;
        return reader.TryGetDouble(out var number) && !double.IsNaN(number)
            ? (long)Math.Round(Math.Clamp(kind == MemberKind.Fraction ? number * 1000 : number, -Most, Most)) : Sample.Absent;
    }
}
