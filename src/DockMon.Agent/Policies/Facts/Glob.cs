using System.IO.Enumeration;

namespace DockMon.Agent.Policies.Facts;

/// <summary>Patterns of names and images: <c>*</c> is any text and <c>?</c> one character; capital letters are others than small ones.</summary>
internal static class Glob
{
    public static bool IsMatch(string pattern, string text) => FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: false);

    /// <summary>As <see cref="IsMatch"/>, but <c>*</c> and <c>?</c> do not stand for a slash; <c>**</c> is any text.</summary>
    public static bool IsPathMatch(string pattern, string text)
    {
        // Where in the text the pattern, as far as it was read, may have come to: the time it takes does not depend on how many ways there are.
        var reached = new bool[text.Length + 1];
        reached[0] = true;
        for (var i = 0; i < pattern.Length; i++)
        {
            var next = new bool[text.Length + 1];
            if (pattern[i] == '*')
            {
                var isAny = i + 1 < pattern.Length && pattern[i + 1] == '*';
                i += isAny ? 1 : 0;
                for (var at = 0; at <= text.Length; at++)
                {
                    next[at] = reached[at] || (at > 0 && next[at - 1] && (isAny || text[at - 1] != '/'));
                }
            }
            else
            {
                for (var at = 0; at < text.Length; at++)
                {
                    next[at + 1] = reached[at] && (pattern[i] == '?' ? text[at] != '/' : text[at] == pattern[i]);
                }
            }

            reached = next;
        }

        return reached[text.Length];
    }
}
