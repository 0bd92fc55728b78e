using DockMon.Protocol;

namespace DockMon.Agent.Connection;

/// <summary>Texts that the server, or whoever answers in its place, may make as long as it likes.</summary>
internal static class ServerText
{
    /// <summary>Most characters that are kept of one: it is logged, and remembered as the reason of a failure.</summary>
    public const int Length = 200;

    /// <summary>The beginning of a text.</summary>
    public static string Cut(string? text) => Visible.Cut(text ?? "", Length);
}
