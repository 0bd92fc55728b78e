namespace DockMon.Engine;

/// <summary>JSON can say null where a type says it cannot. An engine does not; what says so in its place costs itself, and nothing else.</summary>
internal static class JsonNulls
{
    /// <summary>The items of a list that are there.</summary>
    public static IReadOnlyList<T> Remove<T>(IReadOnlyList<T>? list)
        where T : class => list is null ? [] : list.Contains(null!) ? [.. list.OfType<T>()] : list;

    /// <summary>The members of a map that have a value.</summary>
    public static Dictionary<string, T> Remove<T>(Dictionary<string, T>? map)
        where T : class
    {
        if (map is null)
        {
            return [];
        }

        foreach (var name in map.Where(member => member.Value is null).Select(member => member.Key).ToList())
        {
            map.Remove(name);
        }

        return map;
    }
}
