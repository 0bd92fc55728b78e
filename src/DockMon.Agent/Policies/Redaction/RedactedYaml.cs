using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using DockMon.Agent.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DockMon.Agent.Policies.Redaction;

/// <summary>
/// A YAML file without the values that the server is not told. Only these are written anew, so that comments and layout stay. What comes out is read again:
/// unless it says the same but for those values, it is not told at all.
/// </summary>
internal static partial class RedactedYaml
{
    /// <summary>The file's text.</summary>
    /// <param name="text">As it is.</param>
    /// <param name="redactor">Says what is not told.</param>
    /// <returns>Null when it is no YAML, or cannot be rewritten.</returns>
    public static string? Read(string text, Redactor redactor)
    {
        if (!redactor.IsActive)
        {
            return text;
        }

        try
        {
            SafeYaml.EnsureHarmless(text);
            var values = ScalarsOf(text);
            Redact(values, redactor);
            var redacted = Write(text, values, redactor);
            var expected = values.Select(value => (value.Depth, value.IsKey, value.IsItem, value.Redacted));
            return ScalarsOf(redacted).Select(value => (value.Depth, value.IsKey, value.IsItem, value.Text)).SequenceEqual(expected) ? redacted : null;
        }
        catch (YamlException)
        {
            return null;
        }
    }

    // Their keys are names that people give to parts of a project, which are no secrets for it.
    private static readonly string[] Parts = ["services", "networks", "volumes", "configs", "secrets", "depends_on"];

    private static List<YamlText> ScalarsOf(string text)
    {
        var found = new List<YamlText>();
        var parser = new Parser(new StringReader(text));
        var open = new Stack<Place>();
        var place = new Place();
        while (parser.MoveNext())
        {
            switch (parser.Current)
            {
                case MappingStart or SequenceStart:
                    open.Push(place.Next());
                    place = new Place { IsMap = parser.Current is MappingStart, Above = place, Anchor = ((NodeEvent)parser.Current).Anchor };
                    break;
                case MappingEnd or SequenceEnd:
                    place = open.Pop();
                    break;
                case AnchorAlias alias:
                    found.Add(new YamlText(alias.Start, alias.End, "*" + alias.Value)
                    {
                        Key = place.Key, Alias = alias.Value, Depth = open.Count, In = place,
                    });
                    place = place.Next();
                    break;
                case Scalar scalar:
                    var isKey = place is { IsMap: true, Key: null };
                    found.Add(new YamlText(scalar.Start, scalar.End, scalar.Value)
                    {
                        Depth = open.Count,
                        In = place,
                        Key = place.Key,
                        IsKey = isKey,
                        IsItem = !place.IsMap,
                        Before = place.Before,
                        Anchor = scalar.Anchor,
                        IsBlock = scalar.Style is ScalarStyle.Literal or ScalarStyle.Folded,
                        IsNull = scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" },
                    });
                    place = isKey ? place with { Key = scalar.Value } : place.Next(scalar.Value);
                    break;
                default:
                    break;
            }
        }

        return found;
    }

    private static void Redact(List<YamlText> values, Redactor redactor)
    {
        // A secret may stand elsewhere, under another name, and be referred to.
        var referred = values.Where(value => !value.Alias.IsEmpty && ((value.Key is { } key && redactor.IsSecret(key)) || value.In.Any(IsSecret)))
            .Select(value => value.Alias).ToHashSet();
        foreach (var value in values.Where(value => value is { IsKey: false, IsNull: false, Alias.IsEmpty: true } && !Reference().IsMatch(value.Text)))
        {
            value.Redacted = referred.Contains(value.Anchor) || value.In.Any(place => IsSecret(place) || referred.Contains(place.Anchor)) ? Redactor.Mark
                : !value.IsItem ? redactor.Value(value.Key ?? "", value.Text)
                : value.In.Name == "environment" ? redactor.Variable(value.Text)
                : redactor.Item(value.Text, value.Before);
        }

        bool IsSecret(Place place) =>
            place is { Name: { } name, Parent: var parent } && name != "secrets" && !Parts.Contains(parent) && redactor.IsSecret(name);
    }

    private static string Write(string text, List<YamlText> values, Redactor redactor)
    {
        var (written, copied) = (new StringBuilder(text.Length), 0);
        foreach (var value in values)
        {
            var (start, end) = ((int)value.Start.Index, (int)value.End.Index);
            if (start < copied)
            {
                throw new YamlException(value.Start, value.End, "its place is before the end of another one");
            }

            AppendComments(text.AsSpan(copied, start - copied), redactor, written);
            var source = text[start..end];
            copied = end;
            if (value.Redacted == value.Text)
            {
                written.Append(value.IsBlock ? CheckedBlock(source, value, redactor) : source);
                continue;
            }

            written.Append(value.Anchor.IsEmpty ? "" : $"&{value.Anchor.Value} ");
            written.Append('"').Append(JsonEncodedText.Encode(value.Redacted, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value).Append('"');
            written.Append(source.AsSpan(source.TrimEnd().Length));
        }

        AppendComments(text.AsSpan(copied), redactor, written);
        return written.ToString();
    }

    /// <summary>What is between two values: signs, white space and comments.</summary>
    private static void AppendComments(ReadOnlySpan<char> between, Redactor redactor, StringBuilder written)
    {
        while (!between.IsEmpty)
        {
            var line = between.IndexOf('\n') is >= 0 and var end ? between[..(end + 1)] : between;
            var content = line.TrimEnd("\r\n");
            if (content.IndexOf('#') is >= 0 and var comment)
            {
                written.Append(content[..comment]).Append(RedactedComment.Of(content[comment..].ToString(), redactor)).Append(line[content.Length..]);
            }
            else
            {
                written.Append(line);
            }

            between = between[line.Length..];
        }
    }

    // The line of a block's sign, as in "key: | # comment", is a part of the value's place.
    private static string CheckedBlock(string source, YamlText value, Redactor redactor)
    {
        var sign = source.Split('\n', 2)[0];
        return sign.Contains('#', StringComparison.Ordinal) && RedactedComment.Of(sign[sign.IndexOf('#', StringComparison.Ordinal)..], redactor) is var comment
            && !sign.EndsWith(comment, StringComparison.Ordinal)
            ? throw new YamlException(value.Start, value.End, "a comment with a secret stands where it cannot be rewritten")
            : source;
    }

    [GeneratedRegex(@"^\$(?:\{\w+\}|\w+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();

    /// <summary>A text or a reference of the file.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="text">What it says.</param>
    private sealed class YamlText(Mark start, Mark end, string text)
    {
        public Mark Start => start;

        public Mark End => end;

        public string Text { get; } = text;

        /// <summary>What the server is told.</summary>
        public string Redacted { get; set; } = text;

        /// <summary>How many maps and lists it is in.</summary>
        public int Depth { get; init; }

        /// <summary>The key whose value it is; null for none.</summary>
        public string? Key { get; init; }

        /// <summary>The map or list that it is in.</summary>
        public required Place In { get; init; }

        public bool IsKey { get; init; }

        public bool IsItem { get; init; }

        public bool IsBlock { get; init; }

        public bool IsNull { get; init; }

        /// <summary>The text before it in a list.</summary>
        public string? Before { get; init; }

        public AnchorName Anchor { get; init; }

        public AnchorName Alias { get; init; }
    }

    /// <summary>Where the parser is.</summary>
    private sealed record Place
    {
        public bool IsMap { get; init; }

        /// <summary>What the map or list is in; null for nothing.</summary>
        public Place? Above { get; init; }

        public AnchorName Anchor { get; init; }

        /// <summary>The key whose value the map or list is.</summary>
        public string? Name => Above?.Key;

        /// <summary>The same of what that is in.</summary>
        public string? Parent => Above?.Name;

        /// <summary>The key before the next value of a map; null when a key is next.</summary>
        public string? Key { get; init; }

        /// <summary>The text before it in a list.</summary>
        public string? Before { get; init; }

        /// <summary>Whether something holds for it or for what it is in.</summary>
        public bool Any(Func<Place, bool> holds)
        {
            for (var place = this; place is not null; place = place.Above)
            {
                if (holds(place))
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>The place after a value.</summary>
        public Place Next(string? value = null) => this with { Key = null, Before = IsMap ? null : value };
    }
}
