using System.IO.Enumeration;
using System.Text;
using System.Text.RegularExpressions;

namespace DockMon.Agent.Policies.Redaction;

/// <summary>
/// Replaces values that the server is not told, found by the names they have: of variables, labels, and options of a command. A value that stands nowhere
/// beside such a name is not found.
/// </summary>
/// <param name="patterns">Patterns of the names; capital and small letters are the same.</param>
internal sealed partial class Redactor(params IReadOnlyList<string> patterns)
{
    /// <summary>Stands for a value. It means nothing in YAML, in JSON and in files of variables.</summary>
    public const string Mark = "(redacted by the policy of this host)";

    /// <summary>Replaces nothing.</summary>
    public static Redactor None { get; } = new();

    /// <summary>What secrets are called as a rule: for a policy that cannot be read.</summary>
    public static Redactor Usual { get; } = new("*PASS*", "*TOKEN*", "*SECRET*", "*KEY*", "*CRED*", "*AUTH*");

    public IReadOnlyList<string> Patterns => patterns;

    public bool IsActive => patterns.Count > 0;

    /// <summary>
    /// Whether the value of what has this name is not told. Dashes in front of an option do not count; of <c>section:name</c> the last word counts as well.
    /// </summary>
    public bool IsSecret(string name)
    {
        var plain = name.AsSpan().TrimStart('-');
        var word = plain;
        for (var i = plain.Length - 1; i >= 0; i--)
        {
            if (!char.IsLetterOrDigit(plain[i]) && plain[i] is not ('_' or '.' or '-'))
            {
                word = plain[(i + 1)..];
                break;
            }
        }

        foreach (var pattern in patterns)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, plain, ignoreCase: true)
                || FileSystemName.MatchesSimpleExpression(pattern, word, ignoreCase: true))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The value of what has a name.</summary>
    public string Value(string name, string value) => value.Length > 0 && IsSecret(name) ? Mark : Text(value);

    /// <summary>A variable as <c>NAME=value</c>: the name is all before the first sign of equality, whatever it has in it.</summary>
    public string Variable(string item) => item.IndexOf('=', StringComparison.Ordinal) is >= 0 and var end && end < item.Length - 1 && IsSecret(item[..end])
        ? item[..(end + 1)] + Mark : Text(item);

    /// <summary>One of a list of arguments or the like: in <c>NAME=value</c> all that follows is the value.</summary>
    /// <param name="item">The item.</param>
    /// <param name="before">The one before it: an option may be followed by its value, which may begin with a dash, or by another option.</param>
    public string Item(string item, string? before = null)
    {
        if (before is ['-', ..] && !before.Contains('=', StringComparison.Ordinal) && item.Length > 0 && IsSecret(before) && !IsOption().IsMatch(item))
        {
            return Mark;
        }

        item = Defaults(item);
        return Assignment().IsMatch(item) ? Variable(item) : Text(item);
    }

    /// <summary>A text with <c>NAME=value</c>, <c>--name=value</c>, <c>--name value</c> or <c>${NAME:-value}</c> in it.</summary>
    public string Text(string text) => !IsActive ? text : Options(Pairs(Defaults(text)));

    private string Pairs(string text) => Pair().Replace(text, Replace);

    private string Replace(Match pair)
    {
        var (name, value) = (pair.Groups[1].Value, pair.Groups[2].Value);
        // What is not secret itself may have something in it that is: JAVA_OPTS=-Dpassword=x.
        return name + "=" + (IsSecret(name) ? Mark : Options(Pairs(value)));
    }

    // What follows an option that is not secret may be another option.
    private string Options(string text) => Cut(text, Option(), (option, end) =>
        text.AsSpan(end).StartsWith(Mark, StringComparison.Ordinal) || !IsSecret(option.Groups[1].Value) ? end
        : OptionValue().Match(text, end) is { Success: true } value && !IsOption().IsMatch(value.Value) ? end + value.Length : end);

    /// <summary>What variables with such a name are replaced by when they are not set.</summary>
    private string Defaults(string text) => Cut(text, Default(), (reference, end) => IsSecret(reference.Groups[1].Value) ? EndOfDefault(text, end) : end);

    private static int EndOfDefault(string text, int start)
    {
        var open = 1;
        for (var i = start; i < text.Length; i++)
        {
            open += text[i] == '}' ? -1 : text[i] == '{' && text[i - 1] == '$' ? 1 : 0;
            if (open == 0)
            {
                return text.AsSpan(start, i - start).SequenceEqual(Mark) ? start : i;
            }
        }

        return text.Length;
    }

    /// <summary>Replaces what follows a match.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">What stands before the value.</param>
    /// <param name="endOf">Where the value ends; where it begins if it stays.</param>
    private static string Cut(string text, Regex start, Func<Match, int, int> endOf)
    {
        StringBuilder? cut = null;
        var copied = 0;
        for (var match = start.Match(text); match.Success;)
        {
            var begin = match.Index + match.Length;
            var end = endOf(match, begin);
            if (end > begin)
            {
                (cut ??= new StringBuilder(text.Length)).Append(text, copied, begin - copied).Append(Mark);
                copied = end;
            }

            match = start.Match(text, end);
        }

        return cut is null ? text : cut.Append(text, copied, text.Length - copied).ToString();
    }

    [GeneratedRegex(@"^[^\s=]+=", RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();

    // A value ends at white space, unless that is between quotes; a quote that does not end takes the rest.
    [GeneratedRegex("""(?<![\w.\[\]-])([\w.\[\]-]+)=((?:"(?:[^"\\]|\\.)*"|'[^']*'|["'].*$|[^\s"'])+)""",
        RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Pair();

    [GeneratedRegex(@"(?<![\w.-])(--?\w[\w.:\[\]-]*)\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Option();

    // An option and no value that begins with a dash: a letter, or words without digits and capitals.
    [GeneratedRegex(@"^(?:-[A-Za-z]|--[a-z]+(?:-[a-z]+)*(?:=.*)?)\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex IsOption();

    [GeneratedRegex("""\G(?:"(?:[^"\\]|\\.)*"|'[^']*'|["'].*$|[^\s"'])+""", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex OptionValue();

    [GeneratedRegex(@"\$\{(\w+):?[-+?=]", RegexOptions.CultureInvariant)]
    private static partial Regex Default();
}
