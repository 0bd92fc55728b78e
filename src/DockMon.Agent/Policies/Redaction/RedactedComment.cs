using System.Text.RegularExpressions;

namespace DockMon.Agent.Policies.Redaction;

/// <summary>A comment, which may have an entry in it that somebody has turned off: with the name of a secret nothing of it is told.</summary>
internal static partial class RedactedComment
{
    /// <param name="comment">From its '#', with nothing after it on its line.</param>
    /// <param name="redactor">Says what is not told.</param>
    public static string Of(string comment, Redactor redactor) =>
        Word().Matches(comment).Any(word => redactor.IsSecret(word.Value)) ? $"# {Redactor.Mark}" : comment;

    [GeneratedRegex(@"[\w.-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
