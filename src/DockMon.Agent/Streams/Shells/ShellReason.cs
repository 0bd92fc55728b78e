using System.Text;

namespace DockMon.Agent.Streams.Shells;

/// <summary>
/// Why a shell ended, as short as it must be: servers pass it on as the reason of a WebSocket's
/// close frame, which holds 123 bytes. A longer one reaches nobody.
/// </summary>
internal static class ShellReason
{
    /// <summary>Most bytes of it.</summary>
    public const int Bytes = 120;

    private const string Failed = "failed to start shell: ";
    private const string Mark = "…";

    /// <summary>Why there is no shell.</summary>
    public static string NotStarted(string reason) => Failed + Cut(reason, Bytes - Failed.Length);

    /// <summary>The telling part of it: engines put what went wrong last, after all that it went wrong in.</summary>
    public static string Cut(string reason, int bytes = Bytes)
    {
        for (var rest = reason; ; rest = rest[(rest.IndexOf(": ", StringComparison.Ordinal) + 2)..])
        {
            if (Encoding.UTF8.GetByteCount(rest) <= bytes)
            {
                return rest;
            }

            if (!rest.Contains(": ", StringComparison.Ordinal))
            {
                return Beginning(reason, bytes - Encoding.UTF8.GetByteCount(Mark)) + Mark;
            }
        }
    }

    private static string Beginning(string text, int bytes)
    {
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if ((bytes -= rune.Utf8SequenceLength) < 0)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }
}
