using DockMon.Agent.Policies.Facts;

namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>How a path lies to what a pattern names.</summary>
internal enum PathRelation
{
    /// <summary>Neither has anything of the other.</summary>
    Apart,

    /// <summary>The path is above something that the pattern names, or may be: whoever has the path has that.</summary>
    Above,

    /// <summary>The path is what the pattern names, or lies below it.</summary>
    Within,
}

/// <summary>
/// A pattern of host paths: an absolute path in which <c>*</c> and <c>?</c> stand for characters of one name, and <c>**</c> for any number of names. It means
/// what it names and everything below, with <c>/**</c> at its end or without.
/// </summary>
internal sealed class PathPattern
{
    private const string AnyDepth = "**";
    private const int MostAnyDepths = 2;

    private readonly string[] _names;

    private PathPattern(string text, string[] names) => (Text, _names) = (text, names);

    /// <summary>The pattern as it was written.</summary>
    public string Text { get; }

    /// <summary>A path by its own name, without wildcards.</summary>
    public static PathPattern Of(string path) => new(path, Split(HostPaths.Canonical(HostPaths.Clean(path))));

    /// <summary>Reads a pattern; null when it is none.</summary>
    public static PathPattern? Parse(string text)
    {
        if (!text.StartsWith('/') || Split(text).Any(name => name is "." or ".."))
        {
            return null;
        }

        var names = Split(HostPaths.Canonical(HostPaths.Clean(text)));
        names = names is [.. var before, AnyDepth] ? before : names;
        return names.Count(name => name == AnyDepth) <= MostAnyDepths ? new PathPattern(text, names) : null;
    }

    /// <param name="path">A canonical path.</param>
    public PathRelation Relate(string path) => Relate(_names, Split(path));

    /// <summary>Whether this pattern names something in a path, or the path itself, without wildcards before it.</summary>
    public bool NamesPartOf(PathPattern path) => Relate(path._names, _names) == PathRelation.Within;

    /// <summary>The pattern with its beginning, up to the first wildcard, replaced by what that leads to; null when that is itself.</summary>
    /// <param name="resolve">Follows links; null for what cannot be told.</param>
    public PathPattern? FindReal(Func<string, string?> resolve)
    {
        List<string> plain = [.. _names.TakeWhile(name => name.AsSpan().IndexOfAny('*', '?') < 0)];
        var path = "/" + string.Join('/', plain);
        return resolve(path) is { } real && real != path ? new PathPattern(Text, [.. Split(real), .. _names.Skip(plain.Count)]) : null;
    }

    private static PathRelation Relate(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path)
    {
        if (pattern.IsEmpty)
        {
            return PathRelation.Within;
        }

        if (pattern[0] == AnyDepth)
        {
            var best = PathRelation.Above;
            for (var skipped = 0; skipped <= path.Length && best != PathRelation.Within; skipped++)
            {
                best = (PathRelation)Math.Max((int)best, (int)Relate(pattern[1..], path[skipped..]));
            }

            return best;
        }

        return path.IsEmpty ? PathRelation.Above
            : Glob.IsMatch(pattern[0], path[0]) ? Relate(pattern[1..], path[1..])
            : PathRelation.Apart;
    }

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
