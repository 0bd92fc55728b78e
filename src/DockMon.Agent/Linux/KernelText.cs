using System.Buffers.Text;

namespace DockMon.Agent.Linux;

/// <summary>Reads what the kernel writes, from its bytes and without garbage.</summary>
internal static class KernelText
{
    private const int FieldsBetween = 7;

    /// <summary>The number a text begins with; 0 for another text, such as "max".</summary>
    public static ulong Number(ReadOnlySpan<byte> text) => TryNumber(text, out var value) ? value : 0;

    /// <summary>The number a text begins with, white space before it aside.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> text, out ulong value) => Utf8Parser.TryParse(text.TrimStart(" \t"u8), out value, out _);

    /// <summary>The value of a line "name value"; null when there is no such line.</summary>
    public static ulong? Value(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (line.Length > name.Length
                && line[name.Length] is (byte)' ' or (byte)':'
                && line.StartsWith(name)
                && TryNumber(line[(name.Length + 1)..], out var value))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>Reads a line of <c>/proc/net/dev</c>: name, bytes received, seven other figures, bytes sent.</summary>
    /// <returns>False for a line that is no interface, such as the two of the heading.</returns>
    public static bool TryInterface(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ulong received, out ulong sent)
    {
        name = default;
        sent = 0;
        // Old kernels write no space after the colon, and a name may have colons itself.
        var colon = line.LastIndexOf((byte)':');
        var rest = line[(colon + 1)..];
        if (!TryNumber(TakeField(ref rest), out received) || colon < 0)
        {
            return false;
        }

        for (var i = 0; i < FieldsBetween; i++)
        {
            TakeField(ref rest);
        }

        name = line[..colon].Trim((byte)' ');
        return TryNumber(TakeField(ref rest), out sent);
    }

    /// <summary>Takes the next field, which blanks separate from others, off the beginning of a line; empty at its end.</summary>
    public static ReadOnlySpan<byte> TakeField(ref ReadOnlySpan<byte> line)
    {
        line = line.TrimStart(" \t"u8);
        var end = line.IndexOfAny((byte)' ', (byte)'\t', (byte)'\n');
        var field = end < 0 ? line : line[..end];
        line = line[field.Length..];
        return field;
    }
}
