using System.Text;
using System.Text.RegularExpressions;

namespace DockMon.Agent.Policies.Redaction;

/// <summary>A file of variables without the values that the server is not told.</summary>
internal static partial class RedactedEnvFile
{
    /// <summary>The file's text.</summary>
    /// <param name="text">As it is.</param>
    /// <param name="redactor">Says what is not told.</param>
    /// <returns>Null when it does not show where its values end.</returns>
    public static string? Read(string text, Redactor redactor)
    {
        if (!redactor.IsActive)
        {
            return text;
        }

        var redacted = new StringBuilder(text.Length);
        for (var rest = text; rest.Length > 0;)
        {
            // Of A:B=C the name is A or A:B, depending on who reads it.
            var (entry, assignment) = (Entry().Match(rest), Assignment().Match(rest));
            var length = entry.Success ? EndOf(rest, assignment.Success ? assignment.Length : entry.Length) : LineOf(rest);
            if (length < 0)
            {
                return null;
            }

            var line = rest[..length].TrimEnd('\r', '\n');
            if (line.EndsWith('\\') && line.AsSpan().TrimStart() is not ['#', ..])
            {
                return null; // For some the value goes on in the next line.
            }

            redacted.Append(new[] { entry, assignment }.FirstOrDefault(found => found.Success && redactor.IsSecret(found.Groups[1].Value)) is { } secret
                ? secret.Value + redactor.Value(secret.Groups[1].Value, line[secret.Length..])
                : WithoutComment(redactor.Text(line), redactor));
            redacted.Append(rest.AsSpan(line.Length, length - line.Length));
            rest = rest[length..];
        }

        return redacted.ToString();
    }

    private static string WithoutComment(string line, Redactor redactor) =>
        CommentOf(line) is >= 0 and var comment ? line[..comment] + RedactedComment.Of(line[comment..], redactor) : line;

    /// <summary>Where a comment begins; below 0 for nowhere. What only looks like one, in quotes, may be taken for one: then less is told.</summary>
    private static int CommentOf(string line) => line.AsSpan().TrimStart() is ['#', ..]
        ? line.IndexOf('#', StringComparison.Ordinal)
        : line.LastIndexOf(" #", StringComparison.Ordinal) is >= 0 and var space ? space + 1 : -1;

    private static int LineOf(string text, int from = 0) => text.IndexOf('\n', from) is >= 0 and var end ? end + 1 : text.Length;

    /// <summary>Where an entry ends whose value begins at a place: a value in quotes may have lines. Below 0 when the quotes do not end.</summary>
    private static int EndOf(string text, int value)
    {
        if (value >= text.Length || text[value] is not ('"' or '\''))
        {
            return LineOf(text, value);
        }

        for (var i = value + 1; i < text.Length; i++)
        {
            if (text[i] == '\\' && text[value] == '"')
            {
                i++;
            }
            else if (text[i] == text[value])
            {
                return LineOf(text, i);
            }
        }

        return -1;
    }

    [GeneratedRegex(@"^[ \t]*(?:export[ \t]+)?([^\s=:#""'][^\s=:""']*)[ \t]*[=:][ \t]*", RegexOptions.CultureInvariant)]
    private static partial Regex Entry();

    [GeneratedRegex(@"^[ \t]*(?:export[ \t]+)?([^\s=#""'][^\s=""']*)[ \t]*=[ \t]*", RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();
}
