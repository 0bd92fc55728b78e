using System.Diagnostics.CodeAnalysis;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Yaml;

/// <summary>
/// Reads YAML that anybody may have written. The library builds its tree by recursion and compares keys by their whole content: a file of
/// brackets would end the agent, and keys made of references would keep it busy for ever. Its parser does neither, so that goes first.
/// </summary>
internal static class SafeYaml
{
    private const int DeepestNesting = 64;

    /// <summary>The first document's root; null when it is no YAML, or more than a file for people needs.</summary>
    public static YamlNode? Read(string text)
    {
        try
        {
            return Load(text) is [var first, ..] ? first.RootNode : null;
        }
        catch (YamlException)
        {
            return null;
        }
    }

    /// <summary>All documents.</summary>
    /// <exception cref="YamlException">It is no YAML, or more than a file for people needs; it says where.</exception>
    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "Texts that are no YAML make the library throw exceptions of many types, which only it could tell from one another.")]
    public static IList<YamlDocument> Load(string text)
    {
        try
        {
            EnsureHarmless(text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents;
        }
        catch (Exception e) when (e is not YamlException and not OutOfMemoryException)
        {
            throw new YamlException(Mark.Empty, Mark.Empty, e.Message, e);
        }
    }

    /// <summary>Checks that it can be read.</summary>
    /// <exception cref="YamlException">It is no YAML, or more than a file for people needs; it says where.</exception>
    public static void EnsureHarmless(string text)
    {
        var parser = new Parser(new StringReader(text));
        // Of each open collection, whether a key is next; a list never has one.
        var open = new Stack<(bool IsMap, bool KeyNext)>();
        while (parser.MoveNext())
        {
            if (parser.Current is MappingEnd or SequenceEnd)
            {
                open.Pop();
                continue;
            }

            if (parser.Current is not NodeEvent and not AnchorAlias)
            {
                continue;
            }

            if (open.TryPop(out var inside))
            {
                if (inside.KeyNext && parser.Current is not Scalar)
                {
                    throw Refuse(parser.Current, "a key must be a text");
                }

                open.Push((inside.IsMap, inside.IsMap && !inside.KeyNext));
            }

            if (parser.Current is MappingStart or SequenceStart)
            {
                if (open.Count == DeepestNesting)
                {
                    throw Refuse(parser.Current, $"it is nested deeper than {DeepestNesting} times");
                }

                open.Push((parser.Current is MappingStart, parser.Current is MappingStart));
            }
        }
    }

    private static YamlException Refuse(ParsingEvent at, string why) => new(at.Start, at.End, why);
}
