using System.IO.Enumeration;
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

    /// <summary>Whether the value of what has this name is not told. Dashes in front of an option do not count.</summary>
    public bool IsSecret(string name)
    {
        var plain = name.AsSpan().TrimStart('-');
        foreach (var pattern in patterns)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, plain, ignoreCase: true))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The value of what has a name.</summary>
    public string Value(string name, string value) => value.Length > 0 && IsSecret(name) ? Mark : Text(value);

    /// <summary>One of a list of variables or arguments: in <c>NAME=value</c> all that follows is the value.</summary>
    /// <param name="item">The item.</param>
    /// <param name="before">The one before it: an option may be followed by its value.</param>
    public string Item(string item, string? before = null)
    {
        if (before is ['-', ..] && item is [not '-', ..] && IsSecret(before))
        {
            return Mark;
        }

        var assignment = Assignment().Match(item);
        return assignment.Success && item.Length > assignment.Length && IsSecret(assignment.Groups[1].Value) ? assignment.Value + Mark : Text(item);
    }

    /// <summary>A text with <c>NAME=value</c>, <c>--name=value</c> or <c>--name value</c> in it.</summary>
    public string Text(string text) => !IsActive ? text : Option().Replace(Pair().Replace(text, Replace), Replace);

    private string Replace(Match pair)
    {
        var (name, join, value) = (pair.Groups[1].Value, pair.Groups[2].Value, pair.Groups[3].Value);
        // What is not secret itself may have something in it that is: JAVA_OPTS=-Dpassword=x.
        return name + join + (IsSecret(name) ? Mark : join == "=" ? Text(value) : value);
    }

    [GeneratedRegex(@"^(-{0,2}[A-Za-z_][\w.-]*)=", RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();

    // A value ends at white space, unless that is between quotes; a quote that does not end takes the rest.
    [GeneratedRegex("""(?<![\w.-])(-{0,2}[A-Za-z_][\w.-]*)(=)((?:"(?:[^"\\]|\\.)*"|'[^']*'|["'].*$|[^\s"'])+)""",
        RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Pair();

    [GeneratedRegex("""(?<![\w.-])(--?[A-Za-z][\w.-]*)(\s+)(?!-)((?:"(?:[^"\\]|\\.)*"|'[^']*'|["'].*$|[^\s"'])+)""",
        RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Option();
}
