using DockMon.Protocol;

namespace DockMon.Agent.Connection;

/// <summary>Texts that the server, or whoever answers in its place, may make as long as it likes.</summary>
internal static class ServerText
{
    /// <summary>Most characters that are kept of one: it is logged, and remembered as the reason of a failure.</summary>
    public const int Length = 200;

    // Shorter ones are no secrets, and would cut ordinary words.
    private const int ShortestToken = 6;

    /// <summary>The beginning of a text, without the tokens that the agent sent: who gets a request may answer with all of it.</summary>
    public static string Cut(string? text, params ReadOnlySpan<string?> tokens)
    {
        // First, or a token with one of these in it would come out whole.
        text = Visible.Remove(text ?? "");
        foreach (var token in tokens)
        {
            text = token is { Length: >= ShortestToken } ? text.Replace(token, "…", StringComparison.Ordinal) : text;
        }

        return Visible.Cut(text, Length);
    }
}
