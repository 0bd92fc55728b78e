using System.Text;

namespace DockMon.Hub.Agents;

/// <summary>The text of a close frame, which holds 123 bytes of UTF-8.</summary>
internal static class CloseReason
{
    private const int MaxBytes = 120;

    /// <summary>As much of a text as fits.</summary>
    public static string Shorten(string reason)
    {
        if (Encoding.UTF8.GetByteCount(reason) <= MaxBytes)
        {
            return reason;
        }

        Span<byte> bytes = stackalloc byte[MaxBytes];
        Encoding.UTF8.GetEncoder().Convert(reason, bytes, flush: false, out var characters, out _, out _);
        return reason[..characters];
    }
}
