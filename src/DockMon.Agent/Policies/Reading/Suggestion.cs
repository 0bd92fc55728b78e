using DockMon.Agent.Configuration;

namespace DockMon.Agent.Policies.Reading;

/// <summary>What somebody may have meant by a word that is not known.</summary>
internal static class Suggestion
{
    private const int MostChanges = 2;

    // What other programs call it.
    private static readonly Dictionary<string, string> Synonyms = new(StringComparer.Ordinal)
    {
        ["exec"] = HostActions.Shell,
        ["console"] = HostActions.Shell,
        ["terminal"] = HostActions.Shell,
        ["delete"] = "remove",
        ["pull"] = "pull_image",
        ["deploy"] = "compose",
        ["upgrade"] = "update",
        ["health"] = HostActions.HealthChecks,
        ["readonly"] = "observe",
        ["containers"] = "name",
    };

    /// <summary>The text for a word that is not known.</summary>
    /// <param name="what">What it should be one of.</param>
    /// <param name="word">The word.</param>
    /// <param name="known">The words that are known.</param>
    public static string Unknown(string what, string word, IReadOnlyList<string> known)
    {
        var meant = Find(word, known) is { } found ? $" (did you mean {found}?)" : "";
        return $"unknown {what} \"{EnvironmentReader.Short(word)}\"{meant}; known: {string.Join(", ", known)}";
    }

    private static string? Find(string word, IReadOnlyList<string> known)
    {
        var plain = word.ToLowerInvariant().Replace('-', '_').Replace(' ', '_');
        if (Synonyms.GetValueOrDefault(plain) is { } synonym && known.Contains(synonym))
        {
            return synonym;
        }

        // A long word is no slip of the hand, and comparing it would take its time.
        return plain.Length > 64 ? null
            : known.Select(name => (Name: name, Changes: Changes(plain, name)))
                .Where(near => near.Changes <= MostChanges && near.Changes < near.Name.Length - 1)
                .OrderBy(near => near.Changes).Select(near => near.Name).FirstOrDefault();
    }

    /// <summary>How many letters have to be added, removed or changed (Levenshtein).</summary>
    private static int Changes(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 0; i < from.Length; i++)
        {
            var (diagonal, left) = (row[0], i + 1);
            row[0] = left;
            for (var j = 0; j < to.Length; j++)
            {
                left = Math.Min(Math.Min(left, row[j + 1]) + 1, diagonal + (from[i] == to[j] ? 0 : 1));
                (diagonal, row[j + 1]) = (row[j + 1], left);
            }
        }

        return row[to.Length];
    }
}
