using DockMon.Protocol;

namespace DockMon.Agent.Connection;

/// <summary>Texts that the server, or whoever answers in its place, may make as long as it likes.</summary>
internal static class ServerText
{
    /// <summary>Most characters that are kept of one: it is logged, and remembered as the reason of a failure.</summary>
    public const int Length = 200;

    /// <summary>The beginning of a text. What a server may have been sent a token with is cut by <see cref="OwnTokens"/>.</summary>
    public static string Cut(string? text) => Visible.Cut(Visible.Remove(text ?? ""), Length);
}
