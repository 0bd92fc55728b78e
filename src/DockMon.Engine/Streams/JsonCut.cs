using System.Buffers;
using System.Globalization;
using System.Text;

namespace DockMon.Engine;

/// <summary>What stands where something was cut, and what is never cut away.</summary>
internal static class JsonCut
{
    /// <summary>The name of the member that an object gets of which members were left out.</summary>
    public const string MarkName = "dockmon.agent.cut";

    /// <summary>Members without which the rest of an event or a container says little.</summary>
    private static readonly byte[][] Essentials =
    [
        .. "Id,Names,Image,ImageID,Created,State,Status,Name,Driver,name,image,exitCode".Split(',').Select(Encoding.UTF8.GetBytes),
        .. "project,service,oneoff,container-number".Split(',').Select(name => Encoding.UTF8.GetBytes("com.docker.compose." + name)),
    ];

    /// <summary>The end of a string that had so many bytes of JSON.</summary>
    public static byte[] TextMark(long length) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"… (cut, {length} bytes)"));

    /// <summary>The member of an object that had so many bytes.</summary>
    public static byte[] MemberMark(long length) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"{MarkName}\":\"(cut, {length} bytes)\""));

    /// <summary>Whether a member, its name first, is one that is kept.</summary>
    public static bool IsEssential(ReadOnlySpan<byte> member)
    {
        var name = member.TrimStart(", \t\r\n"u8);
        if (name.IsEmpty || name[0] != '"' || name[1..].IndexOf((byte)'"') is var end && end < 0)
        {
            return false;
        }

        foreach (var essential in Essentials)
        {
            if (name.Slice(1, end).SequenceEqual(essential))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How much of a string's beginning has neither half a character nor half an escape at its end.</summary>
    public static int WholeCharacters(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var length = text[at] switch
            {
                (byte)'\\' when at + 1 < text.Length && text[at + 1] == 'u' => IsHighSurrogate(text[at..]) ? 12 : 6,
                (byte)'\\' => 2,
                < 0x80 => 1,
                // What is no character swallows nothing of what follows, which may be an escape.
                _ => Rune.DecodeFromUtf8(text[at..], out _, out var bytes) == OperationStatus.NeedMoreData ? text.Length : bytes,
            };
            if (at + length > text.Length)
            {
                break;
            }

            at += length;
        }

        return at;
    }

    // \uD800 to \uDBFF: the other half is the next escape.
    private static bool IsHighSurrogate(ReadOnlySpan<byte> escape) =>
        escape.Length < 4 || (escape[2] is (byte)'d' or (byte)'D' && escape[3] is (byte)'8' or (byte)'9' or (byte)'a' or (byte)'A' or (byte)'b' or (byte)'B');
}
