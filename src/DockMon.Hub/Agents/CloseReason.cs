using System.Text;

namespace DockMon.Hub.Agents;

/// <summary>The reason of a close frame, which holds up to 123 bytes of UTF-8.</summary>
internal static class CloseReason
{
    private const int MaxBytes = 120;

    /// <summary>The longest prefix that fits.</summary>
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
