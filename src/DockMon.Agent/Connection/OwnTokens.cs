using DockMon.Protocol;

namespace DockMon.Agent.Connection;

/// <summary>
/// The tokens that this agent has or had. A server, or whoever answers in its place, may say any of them back at any time: what it says is kept without them.
/// </summary>
/// <param name="first">Those it starts with; null for none.</param>
internal sealed class OwnTokens(params ReadOnlySpan<string?> first)
{
    // A server that gives out another with every connection makes it forget the oldest.
    private const int Most = 16;

    // Shorter ones are no secrets, and would cut ordinary words.
    private const int ShortestToken = 6;

    private readonly Lock _lock = new();
    private volatile string[] _tokens = [.. first.ToArray().OfType<string>().Where(IsSecret)];

    /// <summary>One more.</summary>
    public void Add(string? token)
    {
        lock (_lock)
        {
            if (token is not null && IsSecret(token) && !_tokens.Contains(token))
            {
                _tokens = [.. _tokens.TakeLast(Most - 1), token];
            }
        }
    }

    /// <summary>The beginning of a text, without any of the tokens.</summary>
    public string Cut(string? text)
    {
        // First, or a token with one of these in it would come out whole.
        text = Visible.Remove(text ?? "");
        foreach (var token in _tokens)
        {
            text = text.Replace(token, "…", StringComparison.Ordinal);
        }

        return ServerText.Cut(text);
    }

    private static bool IsSecret(string token) => token.Length >= ShortestToken;
}
